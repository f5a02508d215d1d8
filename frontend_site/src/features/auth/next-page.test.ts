import fc from "fast-check";
import { expect, it } from "vitest";

import { nextPage } from "./next-page";

it.each([
  ["", "/dashboard/"],
  ["?next=%2Fanalysis%2F%3Fid%3Dabc", "/analysis/?id=abc"],
  ["?next=https%3A%2F%2Fevil.example", "/dashboard/"],
  ["?next=%2F%2Fevil.example", "/dashboard/"],
  ["?next=%2F%5Cevil.example", "/dashboard/"],
  ["?next=javascript%3Aalert(1)", "/dashboard/"],
])("%s leads to %s", (search, page) => expect(nextPage(search)).toBe(page));

it("never leads off the site", () => {
  const origin = "https://site.example";
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("/", "\\", "\t", "\n", ".", "e", ":") })),
      (next) => {
        const search = `?${new URLSearchParams({ next }).toString()}`;
        expect(new URL(nextPage(search), origin).origin).toBe(origin);
      },
    ),
  );
});
