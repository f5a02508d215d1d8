import { expect, it } from "vitest";

import { FinishedTracker } from "./finished";

const item = (id: string, status: "queued" | "processing" | "completed" | "failed") => ({ id, status });

it("reports each analysis once, when it ends", () => {
  const tracker = new FinishedTracker();
  expect(tracker.update([item("a", "queued"), item("b", "completed")])).toEqual([]);
  expect(tracker.update([item("a", "processing")])).toEqual([]);
  expect(tracker.update([item("a", "failed"), item("b", "completed")])).toEqual([item("a", "failed")]);
  expect(tracker.update([item("a", "failed")])).toEqual([]);
  expect(tracker.update([item("a", "queued")])).toEqual([]); // retried
  expect(tracker.update([item("a", "completed")])).toEqual([item("a", "completed")]);
});

it("an analysis that leaves the list is not reported", () => {
  const tracker = new FinishedTracker();
  tracker.update([item("a", "processing")]);
  expect(tracker.update([])).toEqual([]);
});
