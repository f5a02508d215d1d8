import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TransientError } from "@/lib/retry";

import { MultipartSender, SingleSender, type UploadApi } from "./senders";
import { RejectedError, type PutOptions } from "./put";
import { UploadQueue, type Transport } from "./queue";

/** In-memory API and object store with injectable failures. */
class Server implements UploadApi {
  objects = new Map<string, number>(); // key -> bytes
  partsSent: number[] = [];
  starts: string[] = [];
  failures: (Error | undefined)[] = []; // thrown by the next puts, in order
  startFailures: Error[] = [];
  aborted = 0;
  #keys = 0;

  uploadUrl = (file: File) => {
    const key = `uploads/me/${(this.#keys += 1)}-${file.name}`;
    return Promise.resolve({ url: key, key, headers: { "Content-Type": "video/mp4" } });
  };
  createMultipart = (file: File) => {
    const key = `uploads/me/${(this.#keys += 1)}-${file.name}`;
    return Promise.resolve({ key, partSize: 4, parts: Math.ceil(file.size / 4) });
  };
  signPart = (_: unknown, part: number) => Promise.resolve(`part-${part}`);
  completeMultipart = (upload: { key: string; parts: number }, etags: ReadonlyMap<number, string>) => {
    expect([...etags.keys()].sort()).toEqual(Array.from({ length: upload.parts }, (_, i) => i + 1));
    this.objects.set(upload.key, etags.size);
    return Promise.resolve();
  };
  abortMultipart = () => {
    this.aborted += 1;
    return Promise.resolve();
  };
  put = async (url: string, body: Blob, { signal, onSent }: PutOptions) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    signal.throwIfAborted();
    onSent(body.size / 2);
    const failure = this.failures.shift();
    if (failure) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 100));
    signal.throwIfAborted();
    onSent(body.size);
    if (url.startsWith("part-")) this.partsSent.push(Number(url.slice(5)));
    else this.objects.set(url, body.size);
    return `"${url}"`;
  };
}

function queueOf(server: Server, parts = false) {
  const transport: Transport = {
    sender: (file) =>
      parts ? new MultipartSender(file, server, server.put) : new SingleSender(file, server, server.put),
    start: (key) => {
      server.starts.push(key);
      const failure = server.startFailures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve(key);
    },
    explain: (error) => (error instanceof Error ? error.message : "?"),
    isRejection: (error) => error instanceof RangeError,
  };
  const onStarted = vi.fn();
  return { queue: new UploadQueue(transport, onStarted, () => Date.now()), onStarted };
}

const video = (name: string, size = 10) => new File([new Uint8Array(size)], name);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a queue of uploads", () => {
  it("sends two at a time, starts each analysis, and then removes the upload from the list", async () => {
    const server = new Server();
    const { queue, onStarted } = queueOf(server);
    queue.add([video("a.mp4"), video("b.mov"), video("c.webm")]);
    expect(queue.snapshot().map(({ state }) => state)).toEqual(["sending", "sending", "queued"]);
    expect(queue.busy).toBe(true);
    await vi.runAllTimersAsync();
    expect(server.objects.size).toBe(3);
    expect(server.starts).toEqual([...server.objects.keys()]);
    expect(queue.snapshot()).toEqual([]);
    expect(onStarted).toHaveBeenCalledTimes(3);
    expect(queue.busy).toBe(false);
  });

  it("rejects before anything is sent", async () => {
    const server = new Server();
    const { queue } = queueOf(server);
    queue.add([video("notes.txt"), video("empty.mp4", 0)]);
    await vi.runAllTimersAsync();
    expect(queue.snapshot().map(({ state }) => state)).toEqual(["rejected", "rejected"]);
    expect(server.objects.size).toBe(0);
  });

  it("cancels all without starting any other, and keeps what is not an upload any more", async () => {
    const server = new Server();
    const { queue, onStarted } = queueOf(server);
    queue.add([...Array.from({ length: 30 }, (_, number) => video(`${number}.mp4`)), video("notes.txt")]);
    await vi.advanceTimersByTimeAsync(150);
    queue.cancelAll();
    expect(queue.snapshot().map(({ name, state }) => [name, state])).toEqual([["notes.txt", "rejected"]]);
    await vi.runAllTimersAsync();
    expect(server.objects.size).toBe(0);
    expect(onStarted).not.toHaveBeenCalled();
  });

  it("resumes after a broken connection and starts one analysis", async () => {
    const server = new Server();
    server.failures = [new TransientError("broken"), new TransientError("broken")];
    const { queue } = queueOf(server);
    queue.add([video("a.mp4")]);
    await vi.advanceTimersByTimeAsync(150);
    expect(queue.snapshot()[0]).toMatchObject({ state: "sending", offline: true, sent: 5 });
    await vi.runAllTimersAsync();
    expect(server.starts).toHaveLength(1);
    expect(queue.snapshot()).toEqual([]);
  });

  it("requests a new URL if the first has expired", async () => {
    const server = new Server();
    server.failures = [new TransientError("broken"), new RejectedError(403)];
    const { queue } = queueOf(server);
    queue.add([video("a.mp4")]);
    await vi.runAllTimersAsync();
    expect([...server.objects.keys()]).toEqual(["uploads/me/2-a.mp4"]);
    expect(queue.snapshot()).toEqual([]);
  });

  it("never sends a file again whose analysis could not be started", async () => {
    const server = new Server();
    server.startFailures = [new Error("the monthly quota is used up")];
    const { queue } = queueOf(server);
    queue.add([video("a.mp4")]);
    await vi.runAllTimersAsync();
    expect(queue.snapshot()[0]).toMatchObject({ state: "failed", problem: "the monthly quota is used up" });
    queue.retry(queue.snapshot()[0]?.id ?? "");
    await vi.runAllTimersAsync();
    expect(server.objects.size).toBe(1);
    expect(new Set(server.starts).size).toBe(1);
    expect(queue.snapshot()).toEqual([]);
  });

  it("does not retry what the server rejects", async () => {
    const server = new Server();
    server.startFailures = [new RangeError("not a video")];
    const { queue } = queueOf(server);
    queue.add([video("a.mp4")]);
    await vi.runAllTimersAsync();
    expect(queue.snapshot()[0]).toMatchObject({ state: "rejected", problem: "not a video" });
    queue.retry("1");
    await vi.runAllTimersAsync();
    expect(server.starts).toHaveLength(1);
    queue.dismiss("1");
    expect(queue.snapshot()).toEqual([]);
  });

  it("cancels an upload and starts the next one", async () => {
    const server = new Server();
    const { queue } = queueOf(server);
    queue.add([video("a.mp4"), video("b.mp4"), video("c.mp4")]);
    await vi.advanceTimersByTimeAsync(120);
    queue.cancel("1");
    expect(queue.snapshot().map(({ state }) => state)).toEqual(["cancelled", "sending", "sending"]);
    await vi.runAllTimersAsync();
    expect(queue.snapshot().map(({ name, state }) => [name, state])).toEqual([["a.mp4", "cancelled"]]);
    expect([...server.objects.keys()].some((key) => key.endsWith("a.mp4"))).toBe(false);
    expect(server.starts).toHaveLength(2);
    queue.dismiss("1");
    expect(queue.snapshot()).toEqual([]);
  });

  it("reports speed", async () => {
    const { queue } = queueOf(new Server());
    queue.add([video("a.mp4", 4000), video("b.mp4", 4000)]);
    await vi.advanceTimersByTimeAsync(150);
    expect(queue.snapshot()[0]).toMatchObject({ sent: 2000, speed: null }); // not enough samples yet
  });
});

describe("a multipart upload", () => {
  it("stores every part once despite retries", async () => {
    const server = new Server();
    server.failures = [new TransientError("broken")];
    const { queue } = queueOf(server, true);
    queue.add([video("long.mp4", 21)]);
    await vi.runAllTimersAsync();
    expect(server.partsSent.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.starts).toHaveLength(1);
  });

  it("sends only the missing parts on a retry", async () => {
    const server = new Server();
    const { queue } = queueOf(server, true);
    server.failures = [undefined, undefined, undefined, new RejectedError(403)];
    queue.add([video("long.mp4", 21)]);
    await vi.runAllTimersAsync();
    expect(queue.snapshot()[0]?.state).toBe("failed");
    const before = server.partsSent.length;
    expect(before).toBeGreaterThan(0);
    queue.retry("1");
    await vi.runAllTimersAsync();
    expect(server.partsSent).toHaveLength(6);
    expect(new Set(server.partsSent).size).toBe(6);
    expect(queue.snapshot()).toEqual([]);
    expect(server.aborted).toBe(0);
  });

  it("is aborted on the server when cancelled", async () => {
    const server = new Server();
    const { queue } = queueOf(server, true);
    queue.add([video("long.mp4", 21)]);
    await vi.advanceTimersByTimeAsync(50);
    queue.cancel("1");
    await vi.runAllTimersAsync();
    expect(server.aborted).toBe(1);
    expect(server.starts).toEqual([]);
  });
});
