import { expect, it } from "vitest";

import type { Upload } from "./queue";
import { summarize } from "./summary";

const upload = (change: Partial<Upload>): Upload => ({
  id: "1",
  name: "a.mp4",
  size: 100e6,
  state: "sending",
  sent: 0,
  speed: null,
  offline: false,
  problem: null,
  ...change,
});

it("adds up what is not finished", () => {
  const uploads = [
    upload({ sent: 50e6, speed: 1e6 }),
    upload({ state: "queued" }),
    upload({ state: "failed" }),
    upload({ state: "cancelled" }),
  ];
  expect(summarize(uploads)).toBe("Uploading 2 files: 25% of 200 MB, about 3 min left");
});

it("promises no time without a speed or a connection", () => {
  expect(summarize([upload({})])).toBe("Uploading 1 file: 0% of 100 MB");
  expect(summarize([upload({ speed: 1e6, offline: true })])).toMatch(/resumes automatically/);
});

it("is silent without uploads in progress", () => {
  expect(summarize([])).toBeNull();
  expect(summarize([upload({ state: "rejected" })])).toBeNull();
});
