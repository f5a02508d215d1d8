/** The queue's way to the real API and store. */

import { unwrap, api } from "@/api/client";
import { ApiError, explain, isFileProblem, NetworkError } from "@/api/errors";
import { TransientError, withRetry } from "@/lib/retry";

import { extensionOf } from "./checks";
import { MultipartSender, MULTIPART_FROM, SingleSender, type UploadApi } from "./senders";
import { RejectedError } from "./put";
import type { Transport } from "./queue";

/** `unwrap`, with what may pass as TransientError. */
async function asked<T>(call: Parameters<typeof unwrap<T>>[0]): Promise<T> {
  try {
    return await unwrap(call);
  } catch (error) {
    if (error instanceof NetworkError) throw new TransientError("the network is gone");
    if (error instanceof ApiError && error.retryable) {
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
  sender: (file) =>
    file.size > MULTIPART_FROM ? new MultipartSender(file, uploadApi) : new SingleSender(file, uploadApi),
  start: async (key, fileName, hooks) => {
    const params = { header: { prefer: "respond-async" } };
    const call = () => asked(api.POST("/sentiment-inference", { body: { key, fileName }, params }));
    const answer = await withRetry(call, hooks);
    return "id" in answer ? answer.id : null;
  },
  explain: (error) => {
    if (error instanceof TransientError) return "The connection kept breaking off. Nothing was charged.";
    if (error instanceof RejectedError) return "The upload was refused: the file may have changed while it was sent.";
    return explain(error);
  },
  isRejection: (error) => error instanceof ApiError && isFileProblem(error.code),
};
