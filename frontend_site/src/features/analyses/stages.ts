import { percent, timeRemaining } from "@/lib/format";

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

const MIN_ELAPSED = 5; // seconds; before, an estimate would be a guess
const MIN_FRACTION = 0.1;

/** Return the remaining time as text, extrapolated from the progress so far; null while that says too little. */
export function remainingTime(
  { status, updatedAt }: Pick<Item, "status" | "updatedAt">,
  progress: Detail["progress"] | undefined,
): string | null {
  if (status !== "processing" || !progress || progress.fraction < MIN_FRACTION) return null;
  const elapsed = (Date.parse(progress.updated) - Date.parse(updatedAt)) / 1000; // since the status became processing
  if (elapsed < MIN_ELAPSED) return null;
  return timeRemaining((elapsed * (1 - progress.fraction)) / progress.fraction);
}

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
