import { expect, it } from "vitest";

import { rejectionReason } from "./checks";
import { SpeedMeter } from "./speed";

it("averages the last seconds only", () => {
  const meter = new SpeedMeter();
  for (let second = 0; second <= 10; second += 1) meter.record(1000 * second, 1000 * second);
  expect(meter.speed).toBeCloseTo(1000);
  for (let second = 11; second <= 20; second += 1) meter.record(10_000 + 5000 * (second - 10), 1000 * second);
  expect(meter.speed).toBeCloseTo(5000);
});

it("is null without enough samples", () => {
  const meter = new SpeedMeter();
  expect(meter.speed).toBeNull();
  meter.record(500, 0);
  meter.record(900, 100);
  expect(meter.speed).toBeNull();
});

it("restarts with the file", () => {
  const meter = new SpeedMeter();
  meter.record(0, 0);
  meter.record(9000, 1000);
  meter.record(0, 2000);
  expect(meter.speed).toBeNull();
  meter.record(1000, 3000);
  expect(meter.speed).toBeCloseTo(1000);
});

it.each([
  ["talk.mp4", 10, null],
  ["TALK.MOV", 10, null],
  ["talk.mp4.exe", 10, /Unsupported file type/],
  ["talk", 10, /Unsupported file type/],
  ["talk.mp4", 0, /empty/],
  ["talk.mkv", 1e9 + 1, /1\.0 GB/],
])("%s of %d bytes", (name, size, expected) => {
  const reason = rejectionReason({ name, size });
  if (expected === null) expect(reason).toBeNull();
  else expect(reason).toMatch(expected);
});
