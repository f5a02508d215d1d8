import { Note } from "@/design/feedback";
import { clock, count } from "@/lib/format";

import type { Analysis } from "./types";

/** What was analyzed, and by what. */
export function Facts({ analysis: { video, utterances, language, model } }: { analysis: Analysis }) {
  const facts = [
    clock(video.duration_s),
    video.width > 0 && `${video.width}×${video.height}`,
    count(utterances.length, "utterance"),
    language ? `language: ${language}` : "no speech",
    `Model: ${model.bundle} ${model.version}`,
    model.speech && `words by ${model.speech}`,
  ].filter(Boolean);
  return (
    <ul className="numbers flex flex-wrap gap-x-4 gap-y-0.5 text-[13px] text-muted">
      {facts.map((fact) => (
        <li key={String(fact)}>{fact}</li>
      ))}
    </ul>
  );
}

export function Warnings({ analysis: { warnings = [] } }: { analysis: Analysis }) {
  if (warnings.length === 0) return null;
  return (
    <Note tone="warning">
      <ul aria-label="Warnings" className="grid gap-1">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Note>
  );
}

/** What all this can and cannot tell. */
export function Disclaimer() {
  return (
    <p className="max-w-[85ch] border-t border-line pt-4 text-[13px] text-muted">
      This is <strong className="text-text">apparent emotion</strong>: what an onlooker might name from words, voice and
      face. It is not what somebody feels inside, and no ground for a decision about a person. Where no emotion is
      likely enough to be right more often than wrong, the result is marked as unclear; where one signal looks pleasant
      and another unpleasant, as mixed signals.
    </p>
  );
}
