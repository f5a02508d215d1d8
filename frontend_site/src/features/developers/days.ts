/** Data of the usage chart. Pure functions. */

import { nice, ticks } from "d3-array";

export interface Day {
  date: string; // YYYY-MM-DD
  requests: number;
}

/** Return every day of a month (YYYY-MM), including those without requests. */
export function fillMonth(month: string, days: readonly Day[]): Day[] {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const known = new Map(days.map((day) => [day.date, day.requests]));
  return Array.from({ length }, (_, index) => {
    const date = `${month}-${String(index + 1).padStart(2, "0")}`;
    return { date, requests: known.get(date) ?? 0 };
  });
}

/** Return the scale of a chart of counts: its maximum, and the whole numbers of its grid lines. */
export function countScale(highest: number): { top: number; gridLines: number[] } {
  const [, top] = nice(0, Math.max(4, highest), 4);
  return { top, gridLines: ticks(0, top, 4).filter((tick) => Number.isInteger(tick)) };
}
