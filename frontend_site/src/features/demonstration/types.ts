import type { Ratings } from "@/features/analysis/ratings";
import type { Analysis } from "@/features/analysis/types";

/** A demonstration's analysis, and what people said of its utterances. */
export interface Demonstration {
  analysis: Analysis;
  people: readonly Ratings[]; // of each utterance; empty where nobody was asked
}
