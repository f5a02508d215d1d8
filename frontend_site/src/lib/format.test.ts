import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { bytes, clock, count, factor, percent, timeRemaining, when } from "./format";

describe("factor", () => {
  // The same cases as in tests/unit/test_sentences.py: the HTML report and the web app must show the same.
  it.each([
    [0, "×1.0"],
    [-0.04, "×1.0"],
    [0.742, "×2.1"],
    [-0.4, "÷1.5"],
    [2.29, "×9.9"],
    [2.298, "×10"],
    [-7, "÷1,097"],
  ])("%d nats are %s", (nats, shown) => expect(factor(nats)).toBe(shown));
});

describe("clock", () => {
  it.each([
    [0, "0:00"],
    [59.99, "0:59"],
    [61, "1:01"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [36_061, "10:01:01"],
  ])("%d s is %s", (seconds, shown) => expect(clock(seconds)).toBe(shown));

  it("formats every whole second differently", () => {
    fc.assert(
      fc.property(fc.nat(200_000), (seconds) => {
        const parts = clock(seconds).split(":").map(Number);
        expect(parts.reduce((sum, part) => sum * 60 + part, 0)).toBe(seconds);
      }),
    );
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_600, "1.0 MB"],
    [4_230_000, "4.2 MB"],
    [9_960_000, "10 MB"],
    [1_073_741_824, "1.1 GB"],
  ])("%d is %s", (size, shown) => expect(bytes(size)).toBe(shown));

  it("never shows more than three digits", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_000_000_000_000 }), (size) => {
        expect(bytes(size)).toMatch(/^(\d{1,3}|\d\.\d) (B|kB|MB|GB|TB)$/);
      }),
    );
  });
});

it("percentages are whole", () => {
  expect([0, 0.004, 0.005, 0.995, 1].map(percent)).toEqual(["0%", "0%", "1%", "100%", "100%"]);
});

it("rounds the remaining time", () => {
  expect([3, 22, 54, 61, 3000, 4000].map(timeRemaining)).toEqual([
    "a few seconds left",
    "about 20 s left",
    "about 55 s left",
    "about 1 min left",
    "about 50 min left",
    "about 1 h left",
  ]);
});

it("shows the time of day for today only", () => {
  const now = new Date(2026, 10, 24, 18, 0);
  expect(when(new Date(2026, 10, 24, 9, 5), now)).toBe("today, 09:05");
  expect(when(new Date(2026, 10, 23, 9, 5), now)).toBe("23 Nov 2026");
});

it("counts in singular and plural", () => {
  expect([0, 1, 12_000].map((number) => count(number, "video"))).toEqual(["0 videos", "1 video", "12,000 videos"]);
});
