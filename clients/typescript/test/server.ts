/** An HTTP server on this machine whose answers a test writes. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  status?: number;
  body?: unknown; // JSON, or text as it is
  headers?: Record<string, string>;
  cutAfter?: number; // bytes of the request's body after which the connection breaks
}

export interface Seen {
  line: string; // method and path
  query: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A problem document of the API. */
export function problem(status: number, code: string, more: Record<string, unknown> = {}, retryAfter = ""): Answer {
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  if (retryAfter) headers["Retry-After"] = retryAfter;
  return { status, headers, body: { status, code, title: "Title", detail: "what is wrong", ...more } };
}

/** Answers each method and path in order, the last answer again and again. */
export class FakeServer {
  readonly seen: Seen[] = [];
  readonly #answers = new Map<string, Answer[]>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const [name = "", query = ""] = (request.url ?? "").split("?");
      const line = `${request.method ?? ""} ${name}`;
      const answers = this.#answers.get(line) ?? [problem(404, "no-route")];
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
      const chunks: Buffer[] = [];
      let size = 0;
      request.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (answer.cutAfter !== undefined && size >= answer.cutAfter) request.socket.destroy();
      });
      request.on("error", () => undefined);
      request.on("end", () => {
        if (answer.cutAfter !== undefined) {
          request.socket.destroy();
          return;
        }
        this.seen.push({ line, query, headers: request.headers, body: Buffer.concat(chunks) });
        const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? "");
        response.writeHead(answer.status ?? 200, answer.headers).end(answer.status === 204 ? undefined : text);
      });
    });
  }

  static async start(): Promise<FakeServer> {
    const made = new FakeServer();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  on(line: string, ...answers: Answer[]): void {
    this.#answers.set(line, answers);
  }

  asked(line: string): Seen[] {
    return this.seen.filter((seen) => seen.line === line);
  }

  json(index: number): unknown {
    return JSON.parse(this.seen[index]?.body.toString() ?? "");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
