import { expect, it } from "vitest";

import { rejectionReason } from "./checks";
import { SpeedMeter } from "./speed";

it("is the average of the last seconds, not of all", () => {
  const meter = new SpeedMeter();
  for (let second = 0; second <= 10; second += 1) meter.note(1000 * second, 1000 * second);
  expect(meter.speed).toBeCloseTo(1000);
  for (let second = 11; second <= 20; second += 1) meter.note(10_000 + 5000 * (second - 10), 1000 * second);
  expect(meter.speed).toBeCloseTo(5000);
});

it("says nothing without anything to go by", () => {
  const meter = new SpeedMeter();
  expect(meter.speed).toBeNull();
  meter.note(500, 0);
  meter.note(900, 100);
  expect(meter.speed).toBeNull();
});

it("starts again with the file", () => {
  const meter = new SpeedMeter();
  meter.note(0, 0);
  meter.note(9000, 1000);
  meter.note(0, 2000);
  expect(meter.speed).toBeNull();
  meter.note(1000, 3000);
  expect(meter.speed).toBeCloseTo(1000);
});

it.each([
  ["talk.mp4", 10, null],
  ["TALK.MOV", 10, null],
  ["talk.mp4.exe", 10, /Not a video/],
  ["talk", 10, /Not a video/],
  ["talk.mp4", 0, /empty/],
  ["talk.mkv", 1e9 + 1, /1\.0 GB/],
])("%s of %d bytes", (name, size, expected) => {
  const said = rejectionReason({ name, size });
  if (expected === null) expect(said).toBeNull();
  else expect(said).toMatch(expected);
});
