import { when } from "@/lib/format";

/** Return an analysis's display name: its file name, or else its creation date. */
export function nameOf({ fileName, createdAt }: { fileName: string | null; createdAt: string }): string {
  return fileName ?? `Video from ${when(new Date(createdAt))}`;
}
