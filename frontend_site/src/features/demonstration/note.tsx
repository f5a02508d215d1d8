import { Note } from "@/design/feedback";
import { agrees, type Ratings } from "@/features/analysis/ratings";
import type { Analysis } from "@/features/analysis/types";

/** Origin of the example, and the number of utterances on which model and human raters agree. */
export function ExampleNote({ analysis, ratings = [] }: { analysis: Analysis; ratings?: readonly Ratings[] }) {
  const { same, of } = agreement(analysis, ratings);
  return (
    <Note>
      This example does not count toward your quota. About ten people rated each recording (
      <a href="/demonstration/LICENSE.txt" className="underline hover:text-text">
        CREMA-D
      </a>
      ); the model agrees with their most frequent rating in <strong className="text-text">{`${same} of ${of}`}</strong>
      .
    </Note>
  );
}

/** Count the utterances with human ratings (`of`), and those on which the model agrees with the raters (`same`). */
export function agreement({ utterances }: Analysis, ratings: readonly Ratings[]): { same: number; of: number } {
  const compared = utterances.flatMap((utterance, index) => {
    const votes = ratings[index]?.together;
    return votes ? [agrees(utterance, votes)] : [];
  });
  return { same: compared.filter(Boolean).length, of: compared.length };
}
