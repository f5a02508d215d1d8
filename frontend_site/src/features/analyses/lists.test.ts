import fc from "fast-check";
import { expect, it } from "vitest";

import type { Schemas } from "@/api/client";

import { latest, without, withItem, type Pages } from "./lists";

const item = (id: number, day: number, status: Schemas["AnalysisItem"]["status"] = "completed") =>
  ({ id: String(id), status, createdAt: `2026-11-${String(day).padStart(2, "0")}` }) as Schemas["AnalysisItem"];

const pagesOf = (...days: number[][]): Pages => ({
  pageParams: [],
  pages: days.map((page) => ({ analyses: page.map((day) => item(day, day)), cursor: null })),
});

const ids = (pages: Pages) => pages.pages.map(({ analyses }) => analyses.map(({ id }) => id));

it("inserts an analysis by its creation time", () => {
  const pages = pagesOf([20, 15], [10, 5]);
  expect(ids(withItem(pages, item(99, 25)))).toEqual([
    ["99", "20", "15"],
    ["10", "5"],
  ]);
  expect(ids(withItem(pages, item(99, 17)))).toEqual([
    ["20", "99", "15"],
    ["10", "5"],
  ]);
  expect(ids(withItem(pages, item(99, 1)))).toEqual([
    ["20", "15"],
    ["10", "5", "99"],
  ]);
  expect(ids(withItem(pagesOf([]), item(99, 1)))).toEqual([["99"]]);
});

it("prefers the more recent version", () => {
  const running = { status: "processing", updatedAt: "2026-11-25T01:37:39.892Z" };
  const done = { status: "completed", updatedAt: "2026-11-25T01:37:42.853Z" };
  expect(latest(running, done)).toBe(done);
  expect(latest(done, running)).toBe(done); // the list was ahead: polling has stopped at an older version
  expect(latest(running, undefined)).toBe(running);
});

it("replaces an analysis in place", () => {
  const changed = withItem(pagesOf([20, 15], [10]), item(15, 15, "failed"));
  expect(ids(changed)).toEqual([["20", "15"], ["10"]]);
  expect(changed.pages[0]?.analyses[1]?.status).toBe("failed");
});

it("restores a removed analysis at its old position", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 1 }), fc.nat(), (days, pick) => {
      const sorted = days.toSorted((a, b) => b - a);
      const pages = pagesOf(sorted.slice(0, 3), sorted.slice(3));
      const day = sorted[pick % sorted.length] ?? 1;
      const restored = withItem(without(pages, String(day)), item(day, day));
      expect(ids(restored).flat()).toEqual(sorted.map(String));
    }),
  );
});
