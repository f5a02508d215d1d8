/** One PUT to a presigned URL. XMLHttpRequest, because fetch tells nothing of what has been sent so far. */

import { TransientError } from "@/lib/retry";

/** The store refused what was sent, for a reason that trying again does not cure. */
export class RejectedError extends Error {
  override name = "RejectedError";
  constructor(readonly status: number) {
    super(`the upload was refused (${status})`);
  }
}

export interface PutOptions {
  headers?: Record<string, string>;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

/** Resolves to the object's ETag. Throws TransientError (network, 5xx), RejectedError (4xx), or the signal's reason. */
export function put(url: string, body: Blob, { headers = {}, signal, onSent }: PutOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sets the length itself, and lets nobody else.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onerror = () => reject(new TransientError("the connection broke off"));
    request.onabort = () => reject(signal.reason as Error);
    request.onload = () => {
      if (request.status < 300) resolve(request.getResponseHeader("ETag") ?? "");
      else if (request.status >= 500) reject(new TransientError(`the store unwrap ${request.status}`));
      else reject(new RejectedError(request.status));
    };
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(body);
  });
}
