import { bytes, count, percent, timeRemaining } from "@/lib/format";

import type { Upload } from "./queue";

/** Summarize the uploads that are not finished: "Uploading 3 files: 40% of 120 MB, about 2 min left"; null without any. */
export function summarize(uploads: readonly Upload[]): string | null {
  const active = uploads.filter(({ state }) => state === "queued" || state === "sending" || state === "starting");
  if (active.length === 0) return null;
  const total = (value: (upload: Upload) => number) => active.reduce((sum, upload) => sum + value(upload), 0);
  const [size, sent, speed] = [total((u) => u.size), total((u) => u.sent), total((u) => u.speed ?? 0)];
  const text = `Uploading ${count(active.length, "file")}: ${percent(sent / size)} of ${bytes(size)}`;
  if (active.some(({ offline }) => offline)) return `${text}. Connection lost; it resumes automatically.`;
  return speed > 0 ? `${text}, ${timeRemaining((size - sent) / speed)}` : text;
}
