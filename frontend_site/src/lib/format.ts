/** Format numbers and times. Pure functions; the locale is English throughout. */

/** Format seconds as m:ss, or as h:mm:ss from one hour on. */
export function clock(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const [hours, minutes, remainder] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const pad = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(remainder)}` : `${minutes}:${pad(remainder)}`;
}

/** Format a share of 0 to 1 as a whole percentage. */
export function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

const TENFOLD = Math.log(9.95); // from here on, odds round to at least ten and are shown without decimals

/** Format a contribution in nats as its effect on the odds: "×2.1" in favor of the first emotion, "÷1.5" against it. */
export function factor(nats: number): string {
  const odds = Math.exp(Math.abs(nats));
  const shown = Math.abs(nats) < TENFOLD ? odds.toFixed(1) : Math.round(odds).toLocaleString("en-GB");
  return `${nats < 0 && shown !== "1.0" ? "÷" : "×"}${shown}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Format bytes in decimal units, with one decimal below ten: 4.2 MB, 38 MB. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  // 999.5 would round to 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const decimals = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(decimals)} ${UNITS[unit] ?? ""}`;
}

/** Format the remaining time approximately: "a few seconds left", "about 4 min left". */
export function timeRemaining(seconds: number): string {
  if (seconds < 10) return "a few seconds left";
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} s left`;
  if (seconds < 3300) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Format a date as "24 Nov 2026". */
export function day(moment: Date): string {
  return DATE.format(moment);
}

/** Format a date as "24 Nov 2026", or as "today, 14:05". */
export function when(moment: Date, now: Date = new Date()): string {
  const sameDay = DATE.format(moment) === DATE.format(now);
  return sameDay ? `today, ${TIME.format(moment)}` : DATE.format(moment);
}

/** Format a count with its noun: "1 video", "1,200 videos". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-GB")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Capitalize the first letter: "sadness" -> "Sadness". */
export function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
