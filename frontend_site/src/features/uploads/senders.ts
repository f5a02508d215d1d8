/** A file in one piece, or in parts: how either gets to S3 and goes on after a broken connection. */

import { TransientError, withRetry } from "@/lib/retry";

import { put, RejectedError } from "./put";
import type { Sender, SendHooks } from "./queue";

export const MULTIPART_FROM = 100_000_000; // bytes
const PARTS_AT_ONCE = 3;

/** The API's side of uploads. Methods throw TransientError where trying again makes sense. */
export interface UploadApi {
  uploadUrl(file: File): Promise<{ url: string; key: string; headers: Record<string, string> }>;
  createMultipart(file: File): Promise<Multipart>;
  signPart(upload: Multipart, part: number): Promise<string>;
  completeMultipart(upload: Multipart, etags: ReadonlyMap<number, string>): Promise<void>;
  abortMultipart(upload: Multipart): Promise<void>;
}

export interface Multipart {
  key: string;
  partSize: number; // bytes
  parts: number;
}

type Put = typeof put;

export class SingleSender implements Sender {
  #ticket: Awaited<ReturnType<UploadApi["uploadUrl"]>> | null = null;

  constructor(
    private readonly file: File,
    private readonly api: UploadApi,
    private readonly put_: Put = put,
  ) {}

  async send({ signal, onSent, onWait }: SendHooks): Promise<string> {
    return withRetry(() => this.#try({ signal, onSent }), { signal, onWait });
  }

  discard(): void {
    // An object that nobody starts an analysis of expires by itself.
  }

  /** A URL works for minutes and is used again until then: the API counts those that wait for their file. */
  async #try(options: { signal: AbortSignal; onSent: (bytes: number) => void }): Promise<string> {
    const used = this.#ticket !== null;
    this.#ticket ??= await this.api.uploadUrl(this.file);
    const { url, key, headers } = this.#ticket;
    try {
      await this.put_(url, this.file, { headers, ...options });
      return key;
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      this.#ticket = null;
      throw used ? new TransientError("the upload URL has expired", 0) : error;
    }
  }
}

/** Parts that arrived stay there: after a failure only the others are sent. */
export class MultipartSender implements Sender {
  #upload: Multipart | null = null;
  readonly #etags = new Map<number, string>();
  readonly #sent = new Map<number, number>(); // bytes of each part

  constructor(
    private readonly file: File,
    private readonly api: UploadApi,
    private readonly put_: Put = put,
  ) {}

  async send(hooks: SendHooks): Promise<string> {
    const { signal, onWait } = hooks;
    this.#upload ??= await withRetry(() => this.api.createMultipart(this.file), { signal, onWait });
    const upload = this.#upload;
    const missing = Array.from({ length: upload.parts }, (_, index) => index + 1).filter(
      (part) => !this.#etags.has(part),
    );
    // One failure stops the other workers too, so that none sends on after this call has ended.
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const worker = async () => {
      for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
        await this.#sendPart(upload, part, { ...hooks, signal: both });
      }
    };
    try {
      await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
    } catch (error) {
      stop.abort();
      throw error;
    }
    await withRetry(() => this.api.completeMultipart(upload, this.#etags), { signal, onWait });
    return upload.key;
  }

  discard(): void {
    if (this.#upload) void this.api.abortMultipart(this.#upload).catch(() => undefined); // it expires by itself, too
    this.#upload = null;
  }

  async #sendPart(upload: Multipart, part: number, { signal, onSent, onWait }: SendHooks): Promise<void> {
    const piece = this.file.slice((part - 1) * upload.partSize, part * upload.partSize);
    const note = (bytes: number) => {
      this.#sent.set(part, bytes);
      onSent([...this.#sent.values()].reduce((sum, sent) => sum + sent, 0));
    };
    const etag = await withRetry(
      async () => {
        const url = await this.api.signPart(upload, part);
        return this.put_(url, piece, { signal, onSent: note });
      },
      { signal, onWait },
    );
    if (!etag) throw new RejectedError(0); // the bucket's CORS rules must expose the ETag
    note(piece.size);
    this.#etags.set(part, etag);
  }
}
