/** How numbers and times are shown. Pure; the locale is English throughout. */

/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** A share of 0 to 1 as a whole percentage. */
export function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

const TENFOLD = Math.log(9.95);

/** A part of a lead in nats, as what it does to the odds: "×2.1" for the first emotion, "÷1.5" against it. */
export function factor(nats: number): string {
  const odds = Math.exp(Math.abs(nats));
  const shown = Math.abs(nats) < TENFOLD ? odds.toFixed(1) : Math.round(odds).toLocaleString("en-GB");
  return `${nats < 0 && shown !== "1.0" ? "÷" : "×"}${shown}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes in decimal units, with one decimal below ten: 4.2 MB, 38 MB. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const decimals = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(decimals)} ${UNITS[unit] ?? ""}`;
}

/** How long something will take, as a person says it: "less than a minute left", "about 4 min left". */
export function timeLeft(seconds: number): string {
  if (seconds < 10) return "a few seconds left";
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} s left`;
  if (seconds < 3300) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** A moment as "24 Nov 2026"; today as "today, 14:05". */
export function when(moment: Date, now: Date = new Date()): string {
  const sameDay = DATE.format(moment) === DATE.format(now);
  return sameDay ? `today, ${TIME.format(moment)}` : DATE.format(moment);
}

/** 1 -> "1 video", 2 -> "2 videos", 1200 -> "1,200 videos". */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-GB")} ${noun}${number === 1 ? "" : "s"}`;
}

/** "sadness" -> "Sadness". */
export function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
