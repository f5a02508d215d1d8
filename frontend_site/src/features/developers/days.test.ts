import fc from "fast-check";
import { expect, it } from "vitest";

import { countScale, fillMonth } from "./days";

it("fills a month", () => {
  const days = fillMonth("2028-02", [{ date: "2028-02-29", requests: 7 }]);
  expect(days).toHaveLength(29);
  expect(days[0]).toEqual({ date: "2028-02-01", requests: 0 });
  expect(days.at(-1)?.requests).toBe(7);
});

it("has grid lines at whole numbers, and no bar is higher than the chart", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (highest) => {
      const { top, gridLines } = countScale(highest);
      expect(top).toBeGreaterThanOrEqual(highest);
      expect(gridLines[0]).toBe(0);
      expect(gridLines.length).toBeGreaterThan(1);
      expect(gridLines.length).toBeLessThan(8);
      expect(gridLines.every((line) => Number.isInteger(line) && line <= top)).toBe(true);
    }),
  );
});
