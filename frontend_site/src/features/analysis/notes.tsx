import Link from "next/link";

import { Note } from "@/design/feedback";
import { clock, count, day } from "@/lib/format";

import type { Analysis } from "./types";

/** Facts about the video and the model. */
export function Facts({ analysis: { video, utterances, language, model } }: { analysis: Analysis }) {
  const facts = [
    clock(video.duration_s),
    video.width > 0 && `${video.width}×${video.height}`,
    count(utterances.length, "utterance"),
    language ? `Language: ${language}` : "No speech",
    `Model: ${model.bundle} ${model.version}`,
    model.speech && `Transcribed by ${model.speech}`,
  ].filter(Boolean);
  return (
    <ul className="numbers flex flex-wrap gap-x-4 gap-y-0.5 text-[13px] text-muted">
      {facts.map((fact) => (
        <li key={String(fact)}>{fact}</li>
      ))}
    </ul>
  );
}

/** Date on which the video and its results are deleted; nothing while the analysis runs, and for the examples. */
export function Retention({ expiresAt }: { expiresAt: string | null }) {
  if (!expiresAt) return null;
  return (
    <p className="text-[13px] text-muted">
      Video and results will be deleted on {day(new Date(expiresAt))}.{" "}
      <Link href="/privacy/" prefetch={false} className="underline hover:text-text">
        Privacy
      </Link>
    </p>
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

/** Statement of what the results mean and what they must not be used for. */
export function Disclaimer() {
  return (
    <p className="max-w-[85ch] border-t border-line pt-4 text-[13px] text-muted">
      Results show <strong className="text-text">apparent emotion</strong>: what an observer might infer from text,
      voice and face, not what a person feels. Do not use it to make decisions about people. Unclear: in evaluation,
      results with this confidence were wrong more often than right. Mixed signals: one signal is pleasant and another
      unpleasant.
    </p>
  );
}
