import { expect, it } from "vitest";

import { describeShare, embedCode } from "./texts";

it("describes a link by its dates and whether it includes the video", () => {
  const share = {
    id: "a",
    createdAt: "2026-11-24T09:30:00Z",
    expiresAt: "2026-12-01T09:30:00Z",
    includeVideo: true,
  };
  const now = new Date("2026-11-26T00:00:00Z");
  expect(describeShare(share, now)).toBe("Created 24 Nov 2026, expires 1 Dec 2026, with video");
  expect(describeShare({ ...share, includeVideo: false }, now)).toMatch(/without video$/);
});

it("escapes the name in the embed code", () => {
  const code = embedCode("https://example.com/embed/#abc", '"><script>&');
  expect(code).toContain('src="https://example.com/embed/#abc" title="&quot;>&lt;script>&amp;: emotions"');
});
