/** Uploads in one piece or, for large files, in parts. A part that fails is sent again alone. */

import { StorageError } from "./errors.js";
import type { Answer, Api } from "./http.js";
import type { Schemas } from "./types.js";

const PARTS_AT_ONCE = 3;

/** A video: a Blob, such as a browser's File or what Node's `fs.openAsBlob` gives, or its bytes. */
export type VideoSource = Blob | Uint8Array;

export interface Upload {
  key: string;
  fileName: string;
}

export interface UploadOptions {
  /** Needed unless the source is a File. Its extension determines the file type. */
  fileName?: string;
  /** Bytes sent so far, and in total; called after each part, as fetch reports no progress in between. */
  onProgress?: (sent: number, total: number) => void;
  signal?: AbortSignal;
}

/** Upload a video through an API; in parts if it has more bytes than `partThreshold`. */
export async function upload(
  api: Api,
  source: VideoSource,
  options: UploadOptions,
  partThreshold: number,
): Promise<Upload> {
  const blob = source instanceof Blob ? source : new Blob([source as Uint8Array<ArrayBuffer>]);
  const fileName = options.fileName ?? (source instanceof File ? source.name : "");
  const extension = /\.[^./\\]+$/.exec(fileName)?.[0];
  if (extension === undefined) throw new TypeError('name the video, such as { fileName: "talk.mp4" }');
  const announced = { fileType: extension, fileSize: blob.size };
  options.onProgress?.(0, blob.size);
  const send = blob.size > partThreshold ? inParts : inOnePiece;
  return { key: await send(api, blob, announced, options), fileName };
}

async function inOnePiece(api: Api, blob: Blob, announced: object, options: UploadOptions): Promise<string> {
  for (;;) {
    const more = { repeatable: false, signal: options.signal };
    const ticket = await api.post<Schemas["UploadUrl"]>("/upload-url", announced, more);
    const expires = Date.now() + 1000 * ticket.expiresIn;
    const answer = await put(api, ticket.url, blob, withoutLength(ticket.headers), options.signal);
    if (answer.response.ok) {
      options.onProgress?.(blob.size, blob.size);
      return ticket.key;
    }
    // Otherwise the URL expired on a slow connection; retry with a new one.
    if (answer.response.status !== 403 || Date.now() < expires) throw refusal(answer);
  }
}

async function inParts(api: Api, blob: Blob, announced: object, options: UploadOptions): Promise<string> {
  const more = { repeatable: false, signal: options.signal };
  const { key, partSize, parts } = await api.post<Schemas["MultipartUpload"]>("/multipart-uploads", announced, more);
  const stop = new AbortController(); // one failure ends the other parts too
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const etags = new Map<number, string>();
  let sent = 0;
  let next = 1;
  const worker = async () => {
    for (let part = next++; part <= parts; part = next++) {
      const piece = blob.slice((part - 1) * partSize, part * partSize);
      etags.set(part, await sendPart(api, key, part, piece, signal));
      sent += piece.size;
      options.onProgress?.(sent, blob.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
    const listed = [...etags].sort(([a], [b]) => a - b).map(([partNumber, etag]) => ({ partNumber, etag }));
    await api.post("/multipart-uploads/complete", { key, parts: listed }, { signal });
  } catch (error) {
    stop.abort();
    await api.post("/multipart-uploads/abort", { key }).catch(() => undefined); // if that fails, it expires
    throw error;
  }
  return key;
}

/** Send one part and return its ETag. */
async function sendPart(api: Api, key: string, part: number, piece: Blob, signal: AbortSignal): Promise<string> {
  const request = { key, partNumbers: [part] };
  const signed = await api.post<Schemas["PartUrls"]>("/multipart-uploads/parts", request, { signal });
  const answer = await put(api, signed.parts[0]?.url ?? "", piece, {}, signal);
  const etag = answer.response.headers.get("ETag");
  if (!answer.response.ok || etag === null) throw refusal(answer);
  return etag;
}

function put(
  api: Api,
  url: string,
  body: Blob,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return api.http.exchange({ method: "PUT", url, headers, body, repeatable: true, signal });
}

/** fetch sets this header itself and allows no other value. */
function withoutLength(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"));
}

function refusal({ response }: Answer): StorageError {
  return new StorageError(`the store refused the file (${String(response.status)})`, response.status);
}
