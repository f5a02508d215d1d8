import { describe, expect, it } from "vitest";

import { allowed, until } from "./key-texts";

describe("a key in words", () => {
  it("names what it may do, in whatever order its scopes come", () => {
    expect(allowed(["read", "analyze"])).toBe("Read and analyze");
    expect(allowed(["analyze", "read"])).toBe("Read and analyze");
    expect(allowed(["read"])).toBe("Read only");
    expect(allowed(["analyze"])).toBe("Analyze only");
  });

  it("names when it ends", () => {
    const now = new Date("2026-11-24T12:00:00Z");
    expect(until(null, now)).toBe("does not expire");
    expect(until("2027-02-22T12:00:00Z", now)).toBe("expires 22 Feb 2027");
    expect(until("2026-11-24T11:59:00Z", now)).toBe("expired");
  });
});
