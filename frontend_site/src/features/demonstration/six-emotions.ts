import type { Analysis } from "@/features/analysis/types";

import analysis from "./six_emotions.json";
import people from "./six_emotions.people.json";
import type { Demonstration } from "./types";

/** examples/six_emotions.mp4 as the starter bundle predicts it, and the votes of about ten people. */
export const SIX_EMOTIONS: Demonstration = { analysis: analysis as unknown as Analysis, people };
