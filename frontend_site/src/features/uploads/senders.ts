/** Uploads to S3, in a single PUT or in parts, that resume after a broken connection. */

import { TransientError, withRetry } from "@/lib/retry";

import { put, RejectedError } from "./put";
import type { Sender, SendHooks } from "./queue";

export const MULTIPART_FROM = 100_000_000; // bytes
const PARTS_AT_ONCE = 3;

/** Upload endpoints of the API. Methods throw TransientError if a retry may succeed. */
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

/** Upload of a whole file in a single PUT. */
export class SingleSender implements Sender {
  #grant: Awaited<ReturnType<UploadApi["uploadUrl"]>> | null = null;

  constructor(
    private readonly file: File,
    private readonly api: UploadApi,
    private readonly put_: Put = put,
  ) {}

  async send({ signal, onSent, onWait }: SendHooks): Promise<string> {
    return withRetry(() => this.#sendOnce({ signal, onSent }), { signal, onWait });
  }

  discard(): void {
    // Uploaded objects without an analysis expire.
  }

  /** Send once. Reuses the URL until it expires: the API limits the number of URLs without an upload. */
  async #sendOnce(options: { signal: AbortSignal; onSent: (bytes: number) => void }): Promise<string> {
    const reused = this.#grant !== null;
    this.#grant ??= await this.api.uploadUrl(this.file);
    const { url, key, headers } = this.#grant;
    try {
      await this.put_(url, this.file, { headers, ...options });
      return key;
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      this.#grant = null;
      throw reused ? new TransientError("the upload URL has expired", 0) : error;
    }
  }
}

/** Multipart upload. After a failure, only the missing parts are sent. */
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
    // A failure stops the other workers, so that none keeps sending after this call has ended.
    const stop = new AbortController();
    const anySignal = AbortSignal.any([signal, stop.signal]);
    const worker = async () => {
      for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
        await this.#sendPart(upload, part, { ...hooks, signal: anySignal });
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
    if (this.#upload) void this.api.abortMultipart(this.#upload).catch(() => undefined); // if this fails, the upload expires
    this.#upload = null;
  }

  async #sendPart(upload: Multipart, part: number, { signal, onSent, onWait }: SendHooks): Promise<void> {
    const blob = this.file.slice((part - 1) * upload.partSize, part * upload.partSize);
    const report = (bytes: number) => {
      this.#sent.set(part, bytes);
      onSent([...this.#sent.values()].reduce((sum, sent) => sum + sent, 0));
    };
    const etag = await withRetry(
      async () => {
        const url = await this.api.signPart(upload, part);
        return this.put_(url, blob, { signal, onSent: report });
      },
      { signal, onWait },
    );
    if (!etag) throw new RejectedError(0); // the bucket's CORS rules must expose the ETag
    report(blob.size);
    this.#etags.set(part, etag);
  }
}
