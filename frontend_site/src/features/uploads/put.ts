/** PUT to a presigned URL. Uses XMLHttpRequest, because fetch does not report upload progress. */

import { TransientError } from "@/lib/retry";

/** S3 rejected the upload with a 4xx status, which a retry does not resolve. */
export class RejectedError extends Error {
  override name = "RejectedError";
  constructor(readonly status: number) {
    super(`the upload was rejected (${status})`);
  }
}

export interface PutOptions {
  headers?: Record<string, string>;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

/** Upload and return the object's ETag. Throws TransientError (network, 5xx), RejectedError (4xx), or the signal's reason. */
export function put(url: string, body: Blob, { headers = {}, signal, onSent }: PutOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // Browsers set the length themselves and forbid scripts to do so.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onerror = () => reject(new TransientError("the connection was lost"));
    request.onabort = () => reject(signal.reason as Error);
    request.onload = () => {
      if (request.status < 300) resolve(request.getResponseHeader("ETag") ?? "");
      else if (request.status >= 500) reject(new TransientError(`S3 responded with ${request.status}`));
      else reject(new RejectedError(request.status));
    };
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(body);
  });
}
