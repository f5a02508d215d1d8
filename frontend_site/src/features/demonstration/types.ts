import type { Ratings } from "@/features/analysis/ratings";
import type { Analysis } from "@/features/analysis/types";

/** Analysis of a demonstration video, with human ratings. */
export interface Demonstration {
  analysis: Analysis;
  ratings: readonly Ratings[]; // of each utterance; empty if there are none
}
