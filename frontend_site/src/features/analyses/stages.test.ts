import { expect, test } from "vitest";

import { remainingTime, statusText } from "./stages";

test("a queued analysis is shown with its position", () => {
  expect(statusText({ status: "queued", position: 1 }, null)).toBe("Queued, next in line");
  expect(statusText({ status: "queued", position: 12 }, null)).toBe("Queued, number 12 in line");
});

test("the position may be unknown", () => {
  expect(statusText({ status: "queued", position: null }, null)).toBe("Queued");
});

test("a running analysis is shown with its progress", () => {
  expect(statusText({ status: "processing", position: null }, null)).toBe("Starting");
  const progress = { stage: "transcribing" as const, fraction: 0.4, updated: "2026-11-24T09:30:00Z" };
  expect(statusText({ status: "processing", position: null }, progress)).toBe("Transcribing 40%");
});

test("the remaining time is extrapolated once enough is done", () => {
  const item = { status: "processing" as const, updatedAt: "2026-11-24T09:30:00Z" };
  const after = (seconds: number, fraction: number) => ({
    stage: "transcribing" as const,
    fraction,
    updated: new Date(Date.parse(item.updatedAt) + 1000 * seconds).toISOString(),
  });
  expect(remainingTime(item, after(60, 0.5))).toBe("about 1 min left");
  expect(remainingTime(item, after(30, 0.25))).toBe("about 2 min left");
  expect(remainingTime(item, after(2, 0.5))).toBeNull();
  expect(remainingTime(item, after(60, 0.01))).toBeNull();
  expect(remainingTime(item, null)).toBeNull();
  expect(remainingTime({ ...item, status: "queued" }, after(60, 0.5))).toBeNull();
});
