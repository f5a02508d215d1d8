/** Transport of the upload queue: the API and S3. */

import { api, unwrap } from "@/api/client";
import { ApiError, explain, isFileProblem, NetworkError } from "@/api/errors";
import { TransientError, withRetry } from "@/lib/retry";

import { extensionOf } from "./checks";
import { MultipartSender, MULTIPART_FROM, SingleSender, type UploadApi } from "./senders";
import { RejectedError } from "./put";
import type { Transport } from "./queue";

/** Like `unwrap`, but throws TransientError for errors that may pass. */
async function unwrapRetryable<T>(call: Parameters<typeof unwrap<T>>[0]): Promise<T> {
  try {
    return await unwrap(call);
  } catch (error) {
    if (error instanceof NetworkError) throw new TransientError("the network is unreachable");
    if (error instanceof ApiError && error.retryable) {
      throw new TransientError(explain(error), error.retryAfter === null ? null : 1000 * error.retryAfter);
    }
    throw error;
  }
}

const uploadApi: UploadApi = {
  uploadUrl: ({ name, size }) =>
    unwrapRetryable(api.POST("/upload-url", { body: { fileType: extensionOf(name), fileSize: size } })),
  createMultipart: ({ name, size }) =>
    unwrapRetryable(api.POST("/multipart-uploads", { body: { fileType: extensionOf(name), fileSize: size } })),
  signPart: async ({ key }, part) => {
    const { parts } = await unwrapRetryable(
      api.POST("/multipart-uploads/parts", { body: { key, partNumbers: [part] } }),
    );
    const [signed] = parts;
    if (!signed) throw new ApiError(500, "", "", null);
    return signed.url;
  },
  completeMultipart: async ({ key }, etags) => {
    const parts = [...etags]
      .map(([partNumber, etag]) => ({ partNumber, etag }))
      .sort((a, b) => a.partNumber - b.partNumber);
    await unwrapRetryable(api.POST("/multipart-uploads/complete", { body: { key, parts } }));
  },
  abortMultipart: async ({ key }) => {
    await unwrapRetryable(api.POST("/multipart-uploads/abort", { body: { key } }));
  },
};

export const transport: Transport = {
  sender: (file) =>
    file.size > MULTIPART_FROM ? new MultipartSender(file, uploadApi) : new SingleSender(file, uploadApi),
  start: async (key, fileName, hooks) => {
    const params = { header: { prefer: "respond-async" } };
    const call = () => unwrapRetryable(api.POST("/sentiment-inference", { body: { key, fileName }, params }));
    return (await withRetry(call, hooks)).id;
  },
  explain: (error) => {
    if (error instanceof TransientError) return "The connection was lost repeatedly. You were not charged.";
    if (error instanceof RejectedError) return "The upload was rejected. The file may have changed during the upload.";
    return explain(error);
  },
  isRejection: (error) => error instanceof ApiError && isFileProblem(error.code),
};
