import { describe, expect, it } from "vitest";

import { ApiError, explain, NetworkError, sentence } from "./errors";

const response = (status: number, headers: Record<string, string> = {}) => ({ status, headers: new Headers(headers) });

describe("a problem document", () => {
  it("is parsed with all its fields", () => {
    const error = ApiError.of(response(429, { "Retry-After": "7" }), {
      code: "quota-exceeded",
      title: "The month's analyses are used up",
      detail: "all 10000 analyses of this month are used",
    });
    expect(error).toMatchObject({ status: 429, code: "quota-exceeded", retryAfter: 7, retryable: false });
    expect(explain(error)).toBe("All 10000 analyses of this month are used.");
  });

  it.each([undefined, null, "<html>", 3, [], { detail: 5 }])("may have any other body: %j", (body) => {
    expect(ApiError.of(response(403), body)).toMatchObject({ status: 403, code: "", message: "", retryAfter: null });
    expect(explain(ApiError.of(response(403), body))).toBe("The server rejected this request.");
  });
});

it.each<[Error, RegExp]>([
  [new NetworkError(), /Check your connection/],
  [new ApiError(401, "unauthorized", "x", null), /Sign in again/],
  [new ApiError(503, "busy", "x", 2), /Try again in a moment/],
  [new ApiError(429, "", "Too Many Requests", null), /Wait a moment/],
  [new ApiError(429, "too-many-requests", "x", 40), /Wait a moment/],
  [new ApiError(429, "too-many-requests", "x", 1741), /Try again in 30 minutes/],
  [new Error("undefined is not a function"), /Reload/],
])("%s", (error, message) => expect(explain(error)).toMatch(message));

it("retries server errors and rate limits only", () => {
  const retryable = (status: number, code = "") => new ApiError(status, code, "", null).retryable;
  expect([retryable(500), retryable(503), retryable(429), retryable(429, "quota-exceeded"), retryable(409)]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(retryable(429, "ceiling-reached")).toBe(false);
});

it("capitalizes and punctuates messages", () => {
  expect(["", "  gone ", "Is it?", "done."].map(sentence)).toEqual(["", "Gone.", "Is it?", "Done."]);
});
