import { expect, test } from "vitest";

import { agrees, describeRatings, otherVotes, leadingVotes, type Votes } from "./ratings";
import type { Utterance } from "./types";

const NONE: Votes = { anger: 0, disgust: 0, fear: 0, joy: 0, neutral: 0, sadness: 0, surprise: 0 };
const JOYFUL = { emotions: [{ label: "joy", confidence: 0.9 }] } as unknown as Utterance;

test("leading and other votes", () => {
  const votes = { ...NONE, neutral: 5, fear: 2, disgust: 3 };
  expect(leadingVotes(votes)).toBe("neutral 5 of 10");
  expect(otherVotes(votes)).toBe(", disgust 3, fear 2");
  expect(otherVotes({ ...NONE, joy: 9 })).toBe("");
});

test("agreement with either emotion of a tie counts", () => {
  const votes = { ...NONE, joy: 4, anger: 4, fear: 1 };
  expect(leadingVotes(votes)).toBe("anger or joy 4 of 9");
  expect(otherVotes(votes)).toBe(", fear 1");
  expect(agrees(JOYFUL, votes)).toBe(true);
  expect(describeRatings(JOYFUL, { ...NONE, anger: 3 })).toBe("raters: anger 3 of 3");
});
