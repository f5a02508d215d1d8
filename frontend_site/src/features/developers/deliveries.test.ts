import { describe, expect, it } from "vitest";

import { describeOutcome, describeResponse, duration, type Delivery } from "./deliveries";

const DELIVERY: Delivery = {
  id: "9c1e4b7a2f805d3e6b1a7c40",
  at: "2026-11-24T09:30:00Z",
  eventId: "evt_1",
  eventType: "webhook.test",
  analysisId: null,
  destination: "https://hooks.example.com",
  attempt: 1,
  outcome: "retrying",
  status: 503,
  error: "http-status",
  durationMs: 182,
  nextAttemptAt: "2026-11-24T09:30:30Z",
  redelivered: false,
};

describe("deliveries", () => {
  it("describes responses and their absence", () => {
    expect(describeResponse(DELIVERY)).toBe("HTTP 503");
    expect(describeResponse({ status: 204, error: null })).toBe("HTTP 204");
    expect(describeResponse({ status: null, error: "timeout" })).toBe("no response within 10 seconds");
  });

  it("describes outcomes with the next attempt", () => {
    const now = new Date("2026-11-24T09:30:00Z");
    expect(describeOutcome(DELIVERY, now)).toMatch(/^Failed, next attempt today, \d\d:\d\d$/);
    expect(describeOutcome({ ...DELIVERY, outcome: "failed", nextAttemptAt: null })).toBe("Failed");
    expect(describeOutcome({ ...DELIVERY, outcome: "delivered", nextAttemptAt: null })).toBe("Delivered");
  });

  it("formats durations", () => {
    expect([duration(0), duration(999), duration(3149)]).toEqual(["0 ms", "999 ms", "3.1 s"]);
  });
});
