/** Requests, with retries and error mapping. */

import { AnalysisFailedError, ConfigurationError, errorOf, NetworkError, retryAfter } from "./errors.js";

export interface Request {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers?: Record<string, string>;
  body?: string | Blob;
  /** True if the request is idempotent. */
  repeatable?: boolean;
  signal?: AbortSignal;
}

/** A response with its text, read here so that a lost connection leads to a retry. */
export interface Answer {
  response: Response;
  text: string;
}

const REFUSED = [429, 503]; // not processed, so any request can be retried
const UNCERTAIN = [500, 502, 504]; // perhaps processed
const LONGEST_RETRY_AFTER = 60; // seconds; longer delays, such as a quota's, are left to the caller
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000; // milliseconds
const ATTEMPT_TIMEOUT = 60_000; // milliseconds without an answer; the API holds a request for 25 seconds at most

export class Http {
  constructor(
    private readonly maxRetries: number,
    private readonly fetch_: typeof fetch,
    private readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void> = sleep,
  ) {}

  /** Send a request, with retries, and return the final response. Throws NetworkError, or the signal's reason. */
  async exchange(request: Request): Promise<Answer> {
    for (let failures = 0; ; failures += 1) {
      let wait: number | null;
      try {
        const answer = await this.#once(request);
        wait = pauseAfter(request, answer, failures);
        if (wait === null || failures >= this.maxRetries) return answer;
      } catch (error) {
        if (request.signal?.aborted) throw error;
        if (!request.repeatable || failures >= this.maxRetries) throw networkError(request, error);
        wait = backoff(failures);
      }
      await this.pause(wait, request.signal);
    }
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return this.pause(milliseconds, signal);
  }

  async #once({ method, url, headers = {}, body, signal }: Request): Promise<Answer> {
    // Uploads may take any time; all other responses arrive within a minute.
    const limits = [signal, body instanceof Blob ? undefined : AbortSignal.timeout(ATTEMPT_TIMEOUT)];
    const given = limits.filter((each) => each !== undefined);
    const options = given.length > 0 ? { signal: AbortSignal.any(given) } : {};
    const fetch_ = this.fetch_;
    const response = await fetch_(url, { method, headers, ...(body === undefined ? {} : { body }), ...options });
    return { response, text: await response.text() };
  }
}

interface SendOptions {
  headers?: Record<string, string>;
  repeatable?: boolean;
  signal?: AbortSignal;
}

/** An API and an account's access to it. */
export class Api {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(
    baseUrl: string,
    apiKey: string,
    readonly http: Http,
  ) {
    const url = baseUrl
      .trim()
      .replace(/\/+$/, "")
      .replace(/\/api$/, "");
    if (!/^https?:\/\/[^/]/.test(url)) {
      throw new ConfigurationError("baseUrl is the address of your deployment, such as https://video.example.com");
    }
    const key = apiKey.trim();
    if (!/^vs_[A-Za-z0-9]+_[A-Za-z0-9_-]+$/.test(key)) {
      throw new ConfigurationError(`an API key has the form vs_ID_SECRET; create one at ${url}/developers/`);
    }
    this.#url = `${url}/api`;
    this.#headers = { Authorization: `Bearer ${key}` };
  }

  get<T>(path: string, query: Record<string, string | number | undefined>, signal?: AbortSignal): Promise<T> {
    return this.#json(this.#request("GET", path + queryString(query), signal));
  }

  async text(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<string> {
    return (await this.#answered(this.#request("GET", path + queryString(query), signal))).text;
  }

  delete<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json(this.#request("DELETE", path, signal));
  }

  post<T>(path: string, body: object | undefined, more: SendOptions = {}): Promise<T> {
    return this.#send("POST", path, body, more);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#send("PUT", path, body, {});
  }

  #send<T>(method: "POST" | "PUT", path: string, body: object | undefined, more: SendOptions): Promise<T> {
    const request = this.#request(method, path, more.signal);
    const content: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    return this.#json({
      ...request,
      headers: { ...request.headers, ...content, ...more.headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      repeatable: more.repeatable ?? true,
    });
  }

  #request(method: Request["method"], path: string, signal: AbortSignal | undefined): Request {
    return { method, url: this.#url + path, headers: this.#headers, repeatable: true, signal };
  }

  async #json<T>(request: Request): Promise<T> {
    const { text } = await this.#answered(request);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #answered(request: Request): Promise<Answer> {
    const answer = await this.http.exchange(request);
    if (!answer.response.ok) throw errorOf(answer.response, answer.text);
    return answer;
  }
}

/** Delay in milliseconds before a retry; null if the request should not be retried. */
function pauseAfter(request: Request, { response, text }: Answer, failures: number): number | null {
  const { status } = response;
  if (!REFUSED.includes(status) && !(UNCERTAIN.includes(status) && request.repeatable)) return null;
  if (errorOf(response, text) instanceof AnalysisFailedError) return null; // the result of a request that waited
  const seconds = retryAfter(response);
  if (seconds === null) return backoff(failures);
  return seconds <= LONGEST_RETRY_AFTER ? 1000 * seconds : null;
}

function backoff(failures: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures) * (0.5 + Math.random() / 2);
}

function networkError(request: Request, error: unknown): NetworkError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NetworkError(`${new URL(request.url).host} cannot be reached: ${reason}`, { cause: error });
}

function queryString(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length > 0 ? `?${new URLSearchParams(given).toString()}` : "";
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
