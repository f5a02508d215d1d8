import type { Analysis } from "@/features/analysis/types";

import analysis from "./six_emotions.json";
import ratings from "./six_emotions.people.json";
import type { Demonstration } from "./types";

/** The starter bundle's analysis of examples/six_emotions.mp4, and the ratings of about ten people. */
export const SIX_EMOTIONS: Demonstration = { analysis: analysis as unknown as Analysis, ratings };
