import { Note } from "@/design/feedback";
import { agrees, type Ratings } from "@/features/analysis/ratings";
import type { Analysis } from "@/features/analysis/types";

/** The origin of the example, and how often the model and people name the same emotion. */
export function ExampleNote({ analysis, people = [] }: { analysis: Analysis; people?: readonly Ratings[] }) {
  const { same, of } = agreement(analysis, people);
  return (
    <Note>
      An example, free of charge, with what about ten people said of each recording (
      <a href="/demonstration/LICENSE.txt" className="underline hover:text-text">
        CREMA-D
      </a>
      ). The model names what most of them named in <strong className="text-text">{`${same} of ${of}`}</strong>.
    </Note>
  );
}

/** The number of utterances that people were asked about, and of those for which the model names what they named. */
export function agreement({ utterances }: Analysis, people: readonly Ratings[]): { same: number; of: number } {
  const asked = utterances.flatMap((utterance, index) => {
    const votes = people[index]?.together;
    return votes ? [agrees(utterance, votes)] : [];
  });
  return { same: asked.filter(Boolean).length, of: asked.length };
}
