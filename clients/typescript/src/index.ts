export * from "./client.js";
export * from "./errors.js";
export type * from "./types.js";
export type { Upload, UploadOptions, VideoSource } from "./uploads.js";
export * from "./webhooks.js";
