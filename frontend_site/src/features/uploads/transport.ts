/** The queue's way to the real API and store. */

import { answered, api } from "@/api/client";
import { ApiError, explain, isOfTheFile, NetworkError } from "@/api/errors";
import { TransientError, withRetry } from "@/lib/retry";

import { extensionOf } from "./checks";
import { InParts, MULTIPART_FROM, SinglePiece, type UploadApi } from "./parcels";
import { RefusedError } from "./put";
import type { Transport } from "./queue";

/** `answered`, with what may pass as TransientError. */
async function asked<T>(call: Parameters<typeof answered<T>>[0]): Promise<T> {
  try {
    return await answered(call);
  } catch (error) {
    if (error instanceof NetworkError) throw new TransientError("the network is gone");
    if (error instanceof ApiError && error.passing) {
      throw new TransientError(explain(error), error.retryAfter === null ? null : 1000 * error.retryAfter);
    }
    throw error;
  }
}

const uploadApi: UploadApi = {
  uploadUrl: ({ name, size }) =>
    asked(api.POST("/upload-url", { body: { fileType: extensionOf(name), fileSize: size } })),
  createMultipart: ({ name, size }) =>
    asked(api.POST("/multipart-uploads", { body: { fileType: extensionOf(name), fileSize: size } })),
  signPart: async ({ key }, part) => {
    const { parts } = await asked(api.POST("/multipart-uploads/parts", { body: { key, partNumbers: [part] } }));
    const [signed] = parts;
    if (!signed) throw new ApiError(500, "", "", null);
    return signed.url;
  },
  completeMultipart: async ({ key }, etags) => {
    const parts = [...etags]
      .map(([partNumber, etag]) => ({ partNumber, etag }))
      .sort((a, b) => a.partNumber - b.partNumber);
    await asked(api.POST("/multipart-uploads/complete", { body: { key, parts } }));
  },
  abortMultipart: async ({ key }) => {
    await asked(api.POST("/multipart-uploads/abort", { body: { key } }));
  },
};

export const transport: Transport = {
  parcel: (file) => (file.size > MULTIPART_FROM ? new InParts(file, uploadApi) : new SinglePiece(file, uploadApi)),
  start: async (key, fileName, hooks) => {
    const params = { header: { prefer: "respond-async" } };
    const call = () => asked(api.POST("/sentiment-inference", { body: { key, fileName }, params }));
    const answer = await withRetry(call, hooks);
    return "id" in answer ? answer.id : null;
  },
  explain: (error) => {
    if (error instanceof TransientError) return "The connection kept breaking off. Nothing was charged.";
    if (error instanceof RefusedError) return "The upload was refused: the file may have changed while it was sent.";
    return explain(error);
  },
  isRefusal: (error) => error instanceof ApiError && isOfTheFile(error.code),
};
