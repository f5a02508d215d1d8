/** Demonstration videos of the site with their analyses and exports. */

import type { Demonstration } from "./types";

export type DemonstrationName = "six_emotions" | "without_words";

/** Return the URL of a demonstration's file. `python -m scripts.landing` generates the files. */
export function fileOf(name: DemonstrationName, suffix: "mp4" | "vtt" | "srt" | "csv"): string {
  return `/demonstration/${name}.${suffix}`;
}

/** Load an analysis on demand, so that it is not part of a page's first load. */
export async function loadDemonstration(name: DemonstrationName): Promise<Demonstration> {
  if (name === "six_emotions") return (await import("./six-emotions")).SIX_EMOTIONS;
  return (await import("./without-words")).WITHOUT_WORDS;
}
