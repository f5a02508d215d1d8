import { expect, test } from "vitest";

import { statusText } from "./stages";

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
