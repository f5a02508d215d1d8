import { percent } from "@/lib/format";

import type { Detail, Item, Status } from "./queries";

// As model/pipeline.py reports them.
const STAGES: Record<string, string> = {
  listening: "Transcribing",
  watching: "Watching",
  judging: "Analyzing emotion",
  done: "Saving",
};

const STATUSES: Record<Status, string> = {
  queued: "Queued",
  processing: "Starting",
  completed: "Completed",
  failed: "Failed",
};

/** Return a status as text: "Queued, number 3 in line", "Transcribing 40%", "Completed". */
export function statusText(
  { status, position }: Pick<Item, "status" | "position">,
  progress: Detail["progress"] | undefined,
): string {
  if (status === "queued" && position !== null) {
    return position === 1 ? "Queued, next in line" : `Queued, number ${String(position)} in line`;
  }
  if (status !== "processing" || !progress) return STATUSES[status];
  return `${STAGES[progress.stage] ?? "Analyzing"} ${percent(progress.fraction)}`;
}
