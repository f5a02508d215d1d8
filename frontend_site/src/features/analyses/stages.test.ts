import { expect, test } from "vitest";

import { statusText } from "./stages";

test("an analysis that waits is shown with its position", () => {
  expect(statusText({ status: "queued", position: 1 }, null)).toBe("Queued, next in line");
  expect(statusText({ status: "queued", position: 12 }, null)).toBe("Queued, number 12 in line");
});

test("one that is being submitted, or has a thousand before it, is queued", () => {
  expect(statusText({ status: "queued", position: null }, null)).toBe("Queued");
});

test("one that is processed is shown with its progress", () => {
  expect(statusText({ status: "processing", position: null }, null)).toBe("Starting");
  const progress = { stage: "transcribing" as const, fraction: 0.4, updated: "2026-11-24T09:30:00Z" };
  expect(statusText({ status: "processing", position: null }, progress)).toBe("Transcribing 40%");
});
