/** The month's analyses as rows of a table and of a CSV file. Pure functions. */

import type { Schemas } from "@/api/client";

export type Item = Schemas["AnalysisItem"];

/** Return the last `length` months (UTC), newest first: "2026-12", "2026-11". */
export function lastMonths(now: Date, length = 12): string[] {
  return Array.from({ length }, (_, index) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - index, 1)).toISOString().slice(0, 7),
  );
}

/** True if an analysis was charged to a month; a retry is charged to the month of the retry. */
export function isCharged({ chargedOn }: Item, month: string): boolean {
  return chargedOn?.startsWith(month) ?? false;
}

/** Describe the charge of an analysis: "Charged", "Not charged", or "Charged in 2026-12" for another month. */
export function describeCharge(item: Item, month: string): string {
  if (item.chargedOn === null) return "Not charged";
  return isCharged(item, month) ? "Charged" : `Charged in ${item.chargedOn.slice(0, 7)}`;
}

const HEADER = ["id", "name", "started_at", "status", "attempt", "seconds_analyzed", "charged_on"];

/** Return the analyses as CSV, with a header. */
export function toCsv(items: readonly Item[]): string {
  const rows = items.map((item) => [
    item.id,
    item.fileName ?? "",
    item.createdAt,
    item.status,
    String(item.attempt),
    item.secondsAnalyzed === null ? "" : String(item.secondsAnalyzed),
    item.chargedOn ?? "",
  ]);
  return [HEADER, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Quote a cell, and keep spreadsheets from reading a file name as a formula. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
