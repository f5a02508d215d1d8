import { StackBar } from "@/design/bars";
import { EMOTIONS, EMOTION_STACK, type Emotion } from "@/design/palette";

import { strongest } from "./timeline";
import type { Utterance } from "./types";

export type Votes = Record<Emotion, number>;
/** The votes on an utterance, by what people had to go by. */
export type Ratings = Partial<Record<(typeof JUDGED)[number][0], Votes>>;

const JUDGED = [
  ["together", "All together"],
  ["audio", "Voice alone"],
  ["face", "Face alone"],
] as const;

/** Ratings's votes on an utterance: the emotion named most often for eyes, every vote for screen readers. */
export function HumanRatings({ people }: { people: Ratings }) {
  return (
    <div className="mb-4">
      <h3 className="mb-2 text-xs text-muted">What people said</h3>
      <ul aria-label="What people said" className="grid gap-1.5 text-[13px]">
        {JUDGED.map(([judged, name]) => {
          const votes = people[judged];
          if (!votes) return null;
          return (
            <li
              key={judged}
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

/** "people too: joy 10 of 11", of an utterance whose first emotion is the one that people named most often. */
export function describeRatings(utterance: Utterance, votes: Votes): string {
  return `${agrees(utterance, votes) ? "people too" : "people"}: ${leadingVotes(votes)}`;
}

export function agrees({ emotions }: Utterance, votes: Votes): boolean {
  const top = strongest(emotions)?.label;
  return majority(votes).some((emotion) => emotion === top);
}

/** The emotions with the most votes. */
function majority(votes: Votes): Emotion[] {
  const most = Math.max(...Object.values(votes));
  return EMOTIONS.filter((emotion) => votes[emotion] === most);
}

/** "joy 10 of 11"; of a tie "anger or fear 4 of 10". */
export function leadingVotes(votes: Votes): string {
  const counts = Object.values(votes);
  return `${majority(votes).join(" or ")} ${Math.max(...counts)} of ${counts.reduce((sum, count) => sum + count, 0)}`;
}

/** ", disgust 2, fear 1": the votes for the other emotions, most first; as the HTML report has them. */
export function otherVotes(votes: Votes): string {
  const first = majority(votes);
  const others = EMOTIONS.filter((emotion) => votes[emotion] > 0 && !first.includes(emotion));
  return others
    .sort((a, b) => votes[b] - votes[a])
    .map((emotion) => `, ${emotion} ${votes[emotion]}`)
    .join("");
}
