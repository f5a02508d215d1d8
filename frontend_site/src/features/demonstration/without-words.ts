import type { Analysis } from "@/features/analysis/types";

import analysis from "./without_words.json";
import type { Demonstration } from "./types";

/** examples/without_words.mp4 as the starter bundle predicts it. */
export const WITHOUT_WORDS: Demonstration = { analysis: analysis as unknown as Analysis, people: [] };
