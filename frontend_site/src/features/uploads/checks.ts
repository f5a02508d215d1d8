import { bytes } from "@/lib/format";
import { EXTENSIONS, MAX_UPLOAD_BYTES } from "@/lib/limits";

export const ACCEPTED = EXTENSIONS.join(",");

/** A file name's extension in lower case, with its dot; "" without one. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}

/** Why a file cannot be analyzed, known before anything is sent; null where nothing speaks against it. */
export function rejectionReason(file: { name: string; size: number }): string | null {
  const extension = extensionOf(file.name);
  if (!EXTENSIONS.some((known) => known === extension)) {
    const kinds = EXTENSIONS.map((known) => known.slice(1)).join(", ");
    return `Not a video that can be analyzed. These can: ${kinds}.`;
  }
  if (file.size === 0) return "The file is empty.";
  if (file.size > MAX_UPLOAD_BYTES) {
    return `The file has ${bytes(file.size)}; up to ${bytes(MAX_UPLOAD_BYTES)} can be analyzed.`;
  }
  return null;
}
