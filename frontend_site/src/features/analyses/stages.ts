import { percent } from "@/lib/format";

import type { Detail, Item, Status } from "./queries";

const STAGES: Record<NonNullable<Detail["progress"]>["stage"], string> = {
  transcribing: "Transcribing",
  detecting: "Detecting faces",
  predicting: "Analyzing emotion",
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
  return `${STAGES[progress.stage]} ${percent(progress.fraction)}`;
}
