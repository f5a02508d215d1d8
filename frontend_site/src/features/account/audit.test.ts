import { describe, expect, it } from "vitest";

import { actor, told } from "./audit";

describe("an event in words", () => {
  it("says what happened, and to what", () => {
    expect(told({ event: "key-created", subject: "laptop" })).toBe("API key created: laptop");
    expect(told({ event: "signed-in", subject: null })).toBe("Signed in");
  });

  it("says who acted", () => {
    expect(actor("session")).toBe("web app");
    expect(actor("vs_4tq7hd2k")).toBe("key vs_4tq7hd2k…");
    expect(actor("operator")).toBe("operator");
  });
});
