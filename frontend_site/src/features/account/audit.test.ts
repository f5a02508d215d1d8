import { describe, expect, it } from "vitest";

import { describeActor, describeEvent } from "./audit";

describe("an audit event", () => {
  it("is described with its subject", () => {
    expect(describeEvent({ event: "key-created", subject: "laptop" })).toBe("API key created: laptop");
    expect(describeEvent({ event: "signed-in", subject: null })).toBe("Signed in");
  });

  it("names who acted", () => {
    expect(describeActor("session")).toBe("web app");
    expect(describeActor("vs_4tq7hd2k")).toBe("key vs_4tq7hd2k…");
    expect(describeActor("operator")).toBe("operator");
  });
});
