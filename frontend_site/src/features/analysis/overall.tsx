import { StackBar, Swatch, type Kind } from "@/design/bars";
import { Card } from "@/design/card";
import { EMOTION_STACK, SENTIMENT_STACK } from "@/design/palette";
import { capitalize, percent } from "@/lib/format";

import { Contributions, Prediction } from "./details";
import type { Score } from "./timeline";
import { sharesOf, type Analysis } from "./types";

/** Result for the whole video, or for the `subject`: utterances weighted by duration. */
export function Overall({ analysis: { overall }, subject }: { analysis: Analysis; subject?: string }) {
  if (overall.emotions.length === 0) return null;
  return (
    <Card
      title={subject ? `Overall: ${subject}` : "Overall"}
      aside={<p className="text-[13px] text-muted">weighted by duration</p>}
    >
      <div className="grid gap-4">
        <Prediction {...overall} />
        <Distribution kind="emotion" scores={overall.emotions} labels={EMOTION_STACK} />
        <Distribution kind="sentiment" scores={overall.sentiments} labels={SENTIMENT_STACK} />
        <Contributions {...overall} />
      </div>
    </Card>
  );
}

function Distribution({ kind, scores, labels }: { kind: Kind; scores: readonly Score[]; labels: readonly string[] }) {
  const shares = sharesOf(scores, labels);
  return (
    <div className="grid gap-2">
      <StackBar kind={kind} shares={shares} className="h-3" />
      <ul aria-label={`Overall ${kind}`} className="numbers flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
        {shares.map(({ label, share }) => (
          <li key={label} className="flex items-center gap-1.5">
            <Swatch kind={kind} label={label} />
            {capitalize(label)} <span className="text-muted">{percent(share)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
