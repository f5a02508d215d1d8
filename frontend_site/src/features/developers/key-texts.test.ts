import { describe, expect, it } from "vitest";

import { describeAccess, describeExpiry } from "./key-texts";

describe("texts for API keys", () => {
  it("describe access, in any order of scopes", () => {
    expect(describeAccess(["read", "analyze"])).toBe("Read and analyze");
    expect(describeAccess(["analyze", "read"])).toBe("Read and analyze");
    expect(describeAccess(["read"])).toBe("Read only");
    expect(describeAccess(["analyze"])).toBe("Analyze only");
  });

  it("describe expiry", () => {
    const now = new Date("2026-11-24T12:00:00Z");
    expect(describeExpiry(null, now)).toBe("does not expire");
    expect(describeExpiry("2027-02-22T12:00:00Z", now)).toBe("expires 22 Feb 2027");
    expect(describeExpiry("2026-11-24T11:59:00Z", now)).toBe("expired");
  });
});
