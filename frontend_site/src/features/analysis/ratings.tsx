import { StackBar } from "@/design/bars";
import { EMOTIONS, EMOTION_STACK, type Emotion } from "@/design/palette";

import { strongest } from "./timeline";
import type { Utterance } from "./types";

export type Votes = Record<Emotion, number>;

/** Human ratings of an utterance: votes by what the raters saw and heard. */
export type Ratings = Partial<Record<(typeof CONDITIONS)[number][0], Votes>>;

const CONDITIONS = [
  ["together", "Voice and face"],
  ["audio", "Voice only"],
  ["face", "Face only"],
] as const;

/** Human ratings of an utterance: the most frequent emotion as text, all votes as a bar and for screen readers. */
export function HumanRatings({ ratings }: { ratings: Ratings }) {
  return (
    <div className="mb-4">
      <h3 className="mb-2 text-xs text-muted">Human ratings</h3>
      <ul aria-label="Human ratings" className="grid gap-1.5 text-[13px]">
        {CONDITIONS.map(([condition, name]) => {
          const votes = ratings[condition];
          if (!votes) return null;
          return (
            <li
              key={condition}
              className="grid grid-cols-[6.4rem_minmax(0,1fr)_8.4rem] items-center gap-2 whitespace-nowrap"
            >
              <span>{name}</span>
              <StackBar kind="emotion" shares={EMOTION_STACK.map((label) => ({ label, share: votes[label] }))} />
              <span className="numbers text-right text-muted">
                {leadingVotes(votes)}
                <span className="sr-only">{otherVotes(votes)}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Compare a prediction with the votes: "raters agree: joy 10 of 11", "raters: anger 7 of 9". */
export function describeRatings(utterance: Utterance, votes: Votes): string {
  return `${agrees(utterance, votes) ? "raters agree" : "raters"}: ${leadingVotes(votes)}`;
}

/** True if the predicted emotion is one of the most frequent votes. */
export function agrees({ emotions }: Utterance, votes: Votes): boolean {
  const top = strongest(emotions)?.label;
  return leaders(votes).some((emotion) => emotion === top);
}

/** Return the emotions with the most votes. */
function leaders(votes: Votes): Emotion[] {
  const most = Math.max(...Object.values(votes));
  return EMOTIONS.filter((emotion) => votes[emotion] === most);
}

/** Return the most frequent votes: "joy 10 of 11", or "anger or fear 4 of 10" for a tie. */
export function leadingVotes(votes: Votes): string {
  const counts = Object.values(votes);
  return `${leaders(votes).join(" or ")} ${Math.max(...counts)} of ${counts.reduce((sum, count) => sum + count, 0)}`;
}

/** Return the remaining votes in descending order, as in the HTML report: ", disgust 2, fear 1". */
export function otherVotes(votes: Votes): string {
  const first = leaders(votes);
  const others = EMOTIONS.filter((emotion) => votes[emotion] > 0 && !first.includes(emotion));
  return others
    .sort((a, b) => votes[b] - votes[a])
    .map((emotion) => `, ${emotion} ${votes[emotion]}`)
    .join("");
}
