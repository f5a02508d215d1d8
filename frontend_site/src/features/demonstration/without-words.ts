import type { Analysis } from "@/features/analysis/types";

import analysis from "./without_words.json";
import type { Demonstration } from "./types";

/** The starter bundle's analysis of examples/without_words.mp4. */
export const WITHOUT_WORDS: Demonstration = { analysis: analysis as unknown as Analysis, ratings: [] };
