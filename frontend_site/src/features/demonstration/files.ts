/** The demonstration videos that the site holds, and their analyses as the API would export them. */

import type { Demonstration } from "./types";

export type DemonstrationName = "six_emotions" | "without_words";

/** Address of a demonstration's file, by its suffix; `python -m scripts.landing` makes them. */
export function fileOf(name: DemonstrationName, suffix: "mp4" | "vtt" | "srt" | "csv"): string {
  return `/demonstration/${name}.${suffix}`;
}

/** Loads the analysis when it is first looked at: it is no part of what a page needs at once. */
export async function load(name: DemonstrationName): Promise<Demonstration> {
  if (name === "six_emotions") return (await import("./six-emotions")).SIX_EMOTIONS;
  return (await import("./without-words")).WITHOUT_WORDS;
}
