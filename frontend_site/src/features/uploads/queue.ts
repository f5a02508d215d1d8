/** Files on their way: a few at once, each with its progress, to be cancelled or taken up again. */

import { rejectionReason } from "./checks";
import { SpeedMeter } from "./speed";

/** Only what has failed may be tried again; what was refused, here or by the server, would be again. */
export type UploadState = "refused" | "waiting" | "sending" | "starting" | "failed" | "cancelled";

export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly size: number; // bytes
  readonly state: UploadState;
  readonly sent: number; // bytes
  readonly speed: number | null; // bytes a second
  readonly offline: boolean; // sending goes on once the network is back
  readonly problem: string | null; // why it was refused or failed, for the user
}

export interface SendHooks {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
  onWait: (waiting: boolean) => void;
}

/** One file's way to the server. `send` goes on where an earlier call of the same sender was cut off. */
export interface Sender {
  /** Bring the whole file there. Resolves to the key of the uploaded object. */
  send(hooks: SendHooks): Promise<string>;
  /** Forget what was brought so far; never throws. */
  discard(): void;
}

export interface Transport {
  sender(file: File): Sender;
  /** Start the analysis of an uploaded object; repeating it with the same key starts and charges nothing more. Its id, if describeEvent. */
  start(key: string, name: string, hooks: Omit<SendHooks, "onSent">): Promise<string | null>;
  /** What an error means for the user. */
  explain(error: unknown): string;
  /** Whether an error lies in the file, so that sending it again is of no use. */
  isRejection(error: unknown): boolean;
}

interface Entry {
  file: File;
  sender: Sender;
  key: string | null; // of the uploaded object, once it is there: never sent a second time
  meter: SpeedMeter;
  abort: AbortController;
}

const AT_ONCE = 2;

export class UploadQueue {
  #uploads: readonly Upload[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #number = 0;

  /** `onStarted` is called with the analysis of each file, once it has begun. */
  constructor(
    private readonly transport: Transport,
    private readonly onStarted: (analysisId: string | null) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The uploads as they are; another array after every change. */
  readonly snapshot = (): readonly Upload[] => this.#uploads;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get busy(): boolean {
    return this.#uploads.some(({ state }) => state === "waiting" || state === "sending" || state === "starting");
  }

  add(files: Iterable<File>): void {
    const added = [...files].map((file): Upload => {
      const id = String((this.#number += 1));
      const problem = rejectionReason(file);
      if (!problem) this.#entries.set(id, this.#entry(file));
      const state = problem ? "refused" : "waiting";
      return { id, name: file.name, size: file.size, state, sent: 0, speed: null, offline: false, problem };
    });
    this.#publish([...this.#uploads, ...added]);
    this.#next();
  }

  cancel(id: string): void {
    const entry = this.#entries.get(id);
    const state = this.#find(id)?.state;
    if (!entry || (state !== "waiting" && state !== "sending")) return; // what has started is deleted, not cancelled
    this.#change(id, { state: "cancelled", speed: null, offline: false });
    entry.abort.abort();
    entry.sender.discard();
    this.#entries.delete(id);
    this.#next();
  }

  /** Take up a failed upload where it stopped. */
  retry(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#find(id)?.state !== "failed") return;
    entry.abort = new AbortController();
    this.#change(id, { state: "waiting", problem: null });
    this.#next();
  }

  /** Take an upload that has ended off the list. */
  dismiss(id: string): void {
    const upload = this.#find(id);
    if (!upload || upload.state === "waiting" || upload.state === "sending" || upload.state === "starting") return;
    if (upload.state !== "cancelled") this.#entries.get(id)?.sender.discard();
    this.#entries.delete(id);
    this.#publish(this.#uploads.filter((other) => other.id !== id));
  }

  #next(): void {
    const running = this.#uploads.filter(({ state }) => state === "sending" || state === "starting").length;
    const waiting = this.#uploads.filter(({ state }) => state === "waiting");
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running))) void this.#run(upload.id);
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
        const state = this.transport.isRejection(error) ? "refused" : "failed";
        this.#change(id, { state, speed: null, offline: false, problem: this.transport.explain(error) });
      }
    }
    this.#next();
  }

  #sent(id: string, meter: SpeedMeter, sent: number): void {
    meter.note(sent, this.now());
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
    // A cancelled upload stays so, whatever its last request still reports.
    if (this.#find(id)?.state === "cancelled") return;
    this.#publish(this.#uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)));
  }

  #publish(uploads: readonly Upload[]): void {
    this.#uploads = uploads;
    for (const listener of this.#listeners) listener();
  }
}
