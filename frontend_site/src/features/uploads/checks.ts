import { bytes } from "@/lib/format";
import { EXTENSIONS, MAX_UPLOAD_BYTES } from "@/lib/limits";

export const ACCEPTED = EXTENSIONS.join(",");

/** Return a file name's extension in lower case with its dot; "" without one. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}

/** Return why a file cannot be analyzed, checked before anything is sent; null if it can. */
export function rejectionReason(file: { name: string; size: number }): string | null {
  const extension = extensionOf(file.name);
  if (!EXTENSIONS.some((known) => known === extension)) {
    const supported = EXTENSIONS.map((known) => known.slice(1).toUpperCase()).join(", ");
    return `Unsupported file type. Supported types: ${supported}.`;
  }
  if (file.size === 0) return "The file is empty.";
  if (file.size > MAX_UPLOAD_BYTES) {
    return `The file is too large (${bytes(file.size)}). The limit is ${bytes(MAX_UPLOAD_BYTES)}.`;
  }
  return null;
}
