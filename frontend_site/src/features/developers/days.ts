/** A month of usage as bars. Pure. */

import { nice, ticks } from "d3-array";

export interface Day {
  date: string; // YYYY-MM-DD
  requests: number;
}

/** Every day of a month (YYYY-MM), those without requests too. */
export function fillMonth(month: string, days: readonly Day[]): Day[] {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const known = new Map(days.map((day) => [day.date, day.requests]));
  return Array.from({ length }, (_, index) => {
    const date = `${month}-${String(index + 1).padStart(2, "0")}`;
    return { date, requests: known.get(date) ?? 0 };
  });
}

/** The height of a chart of counts: its top, and the whole numbers at which it is ruled. */
export function countScale(most: number): { top: number; rules: number[] } {
  const [, top] = nice(0, Math.max(4, most), 4);
  return { top, rules: ticks(0, top, 4).filter((tick) => Number.isInteger(tick)) };
}
