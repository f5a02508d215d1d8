import { when } from "@/lib/format";

/** What an analysis is called: its file's name, else when it was made. */
export function nameOf({ fileName, createdAt }: { fileName: string | null; createdAt: string }): string {
  return fileName ?? `Video of ${when(new Date(createdAt))}`;
}
