/** Queue of uploads: a few at a time, each with its progress, cancellable and resumable. */

import { rejectionReason } from "./checks";
import { SpeedMeter } from "./speed";

/** Failed uploads can be retried. Rejected ones, by this page or by the server, cannot. */
export type UploadState = "rejected" | "queued" | "sending" | "starting" | "failed" | "cancelled";

export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly size: number; // bytes
  readonly state: UploadState;
  readonly sent: number; // bytes
  readonly speed: number | null; // bytes a second
  readonly offline: boolean; // waiting for the network; sending resumes by itself
  readonly problem: string | null; // message for the user if rejected or failed
}

export interface SendHooks {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
  onWait: (waiting: boolean) => void;
}

/** Upload of one file. `send` resumes where an earlier call on the same sender was interrupted. */
export interface Sender {
  /** Upload the file and return the key of the object. */
  send(hooks: SendHooks): Promise<string>;
  /** Discard what was uploaded so far; never throws. */
  discard(): void;
}

export interface Transport {
  sender(file: File): Sender;
  /** Start the analysis of an uploaded object and return its id, if known. Idempotent: repeats start and charge nothing. */
  start(key: string, name: string, hooks: Omit<SendHooks, "onSent">): Promise<string>;
  /** Return the message for an error. */
  explain(error: unknown): string;
  /** True if the file causes the error, so that a retry cannot succeed. */
  isRejection(error: unknown): boolean;
}

interface Entry {
  file: File;
  sender: Sender;
  key: string | null; // of the uploaded object; once set, the file is not sent again
  meter: SpeedMeter;
  abort: AbortController;
}

const CONCURRENCY = 2;

/** Observable queue of uploads; starts the analysis of each uploaded file. */
export class UploadQueue {
  #uploads: readonly Upload[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #number = 0;

  /** `onStarted` is called with the analysis id of each file once its analysis has started. */
  constructor(
    private readonly transport: Transport,
    private readonly onStarted: (analysisId: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Return the uploads; a new array after every change. */
  readonly snapshot = (): readonly Upload[] => this.#uploads;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get busy(): boolean {
    return this.#uploads.some(({ state }) => state === "queued" || state === "sending" || state === "starting");
  }

  add(files: Iterable<File>): void {
    const added = [...files].map((file): Upload => {
      const id = String((this.#number += 1));
      const problem = rejectionReason(file);
      if (!problem) this.#entries.set(id, this.#entry(file));
      const state = problem ? "rejected" : "queued";
      return { id, name: file.name, size: file.size, state, sent: 0, speed: null, offline: false, problem };
    });
    this.#publish([...this.#uploads, ...added]);
    this.#next();
  }

  cancel(id: string): void {
    const entry = this.#entries.get(id);
    const state = this.#find(id)?.state;
    if (!entry || (state !== "queued" && state !== "sending")) return; // once its analysis is starting, it can only be deleted
    this.#change(id, { state: "cancelled", speed: null, offline: false });
    entry.abort.abort();
    entry.sender.discard();
    this.#entries.delete(id);
    this.#next();
  }

  /** Cancel every upload that can still be cancelled, and remove them from the list. */
  cancelAll(): void {
    const pending = this.#uploads.filter(({ state }) => state === "queued" || state === "sending");
    // Last first, so that no cancellation lets another one begin.
    for (const { id } of pending.toReversed()) {
      this.cancel(id);
      this.dismiss(id);
    }
  }

  /** Resume a failed upload. */
  retry(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#find(id)?.state !== "failed") return;
    entry.abort = new AbortController();
    this.#change(id, { state: "queued", problem: null });
    this.#next();
  }

  /** Remove a finished upload from the list. */
  dismiss(id: string): void {
    const upload = this.#find(id);
    if (!upload || upload.state === "queued" || upload.state === "sending" || upload.state === "starting") return;
    if (upload.state !== "cancelled") this.#entries.get(id)?.sender.discard();
    this.#entries.delete(id);
    this.#publish(this.#uploads.filter((other) => other.id !== id));
  }

  #next(): void {
    const running = this.#uploads.filter(({ state }) => state === "sending" || state === "starting").length;
    const queued = this.#uploads.filter(({ state }) => state === "queued");
    for (const upload of queued.slice(0, Math.max(0, CONCURRENCY - running))) void this.#run(upload.id);
  }

  async #run(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const { signal } = entry.abort;
    const onWait = (offline: boolean) => this.#change(id, { offline, speed: null });
    try {
      this.#change(id, { state: "sending" });
      const onSent = (sent: number) => this.#sent(id, entry.meter, sent);
      entry.key ??= await entry.sender.send({ signal, onSent, onWait });
      this.#change(id, { state: "starting", sent: entry.file.size, speed: null });
      const analysisId = await this.transport.start(entry.key, entry.file.name, { signal, onWait });
      this.#entries.delete(id);
      this.#publish(this.#uploads.filter((upload) => upload.id !== id));
      this.onStarted(analysisId);
    } catch (error) {
      if (!signal.aborted) {
        const state = this.transport.isRejection(error) ? "rejected" : "failed";
        this.#change(id, { state, speed: null, offline: false, problem: this.transport.explain(error) });
      }
    }
    this.#next();
  }

  #sent(id: string, meter: SpeedMeter, sent: number): void {
    meter.record(sent, this.now());
    this.#change(id, { sent, speed: meter.speed });
  }

  #entry(file: File): Entry {
    return {
      file,
      sender: this.transport.sender(file),
      key: null,
      meter: new SpeedMeter(),
      abort: new AbortController(),
    };
  }

  #find(id: string): Upload | undefined {
    return this.#uploads.find((upload) => upload.id === id);
  }

  #change(id: string, change: Partial<Upload>): void {
    // Ignore late progress of a cancelled upload.
    if (this.#find(id)?.state === "cancelled") return;
    this.#publish(this.#uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)));
  }

  #publish(uploads: readonly Upload[]): void {
    this.#uploads = uploads;
    for (const listener of this.#listeners) listener();
  }
}
