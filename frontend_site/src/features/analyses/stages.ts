import { percent } from "@/lib/format";

import type { Detail, Status } from "./queries";

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

/** "Queued", "Transcribing 40%", "Completed". */
export function statusText(status: Status, progress: Detail["progress"] | undefined): string {
  if (status !== "processing" || !progress) return STATUSES[status];
  return `${STAGES[progress.stage] ?? "Analysing"} ${percent(progress.fraction)}`;
}
