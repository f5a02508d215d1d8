import type { Schemas } from "@/api/client";

import { confidenceOf, type Score } from "./timeline";

export type Analysis = Schemas["Analysis"];
export type Utterance = Schemas["Utterance"];
export type Contribution = Schemas["Contribution"];

/** Scores as shares, in the order of `labels`. */
export function sharesOf(scores: readonly Score[], labels: readonly string[]): { label: string; share: number }[] {
  return labels.map((label) => ({ label, share: confidenceOf(scores, label) }));
}
