import type { ReactNode } from "react";

import { Badge } from "@/design/badge";
import { Bars, StackBar, Swatch, type Kind } from "@/design/bars";
import { EMOTION_STACK, MODALITIES, MODALITY_NAMES, SENTIMENT_STACK, type Modality } from "@/design/palette";
import { capitalize, factor, percent } from "@/lib/format";

import { strongest } from "./timeline";
import { sharesOf, type Contribution, type Utterance } from "./types";

type Explained = Pick<Utterance, "emotions" | "bias" | "decided_by"> & {
  modalities?: Partial<Record<Modality, Contribution>>;
};
type Judged = Pick<Utterance, "emotions" | "sentiments" | "unclear"> & { contradictory?: boolean };

/** The strongest emotion, how sure the model is, and the strongest sentiment. */
export function Prediction({ emotions, sentiments, unclear, contradictory }: Judged) {
  const [emotion, sentiment] = [strongest(emotions), strongest(sentiments)];
  if (!emotion || !sentiment) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="numbers flex items-center gap-2 text-[17px]">
        <Swatch kind="emotion" label={emotion.label} className="size-3" />
        <strong className="font-semibold">{capitalize(emotion.label)}</strong> {percent(emotion.confidence)}
      </span>
      <span className="numbers text-[13px] text-muted">
        sentiment {sentiment.label} {percent(sentiment.confidence)}
      </span>
      <ResultBadges unclear={unclear} contradictory={contradictory} />
    </p>
  );
}

export const UNCLEAR = "Unclear: results this unsure were wrong more often than right.";

/** ResultBadges a result too uncertain to be shown as the answer, and one whose modalities contradict each other. */
export function ResultBadges({ unclear, contradictory }: { unclear?: boolean; contradictory?: boolean }) {
  const marks = [unclear && "unclear", contradictory && "mixed signals"].filter((mark) => typeof mark === "string");
  return marks.map((mark) => <Badge key={mark}>{mark}</Badge>);
}

/** The reading of an utterance: its strongest emotion and sentiment, its words, and why. */
export function UtteranceSummary({ utterance }: { utterance: Utterance }) {
  return (
    <div className="mb-4 grid gap-1">
      <Prediction {...utterance} />
      <p className="text-[15px] leading-snug">
        <Words text={utterance.text} />
      </p>
      <Explanation text={utterance.explanation} />
    </div>
  );
}

export function Words({ text }: { text: string }) {
  return text ? <span dir="auto">{text}</span> : <span className="text-muted italic">nobody speaks</span>;
}

/** All that is known of an utterance: every emotion, every sentiment, and what each modality contributed. */
export function Distributions({ utterance }: { utterance: Utterance }) {
  return (
    <div className="@container">
      <div className="grid gap-x-10 gap-y-5 @lg:grid-cols-2 @4xl:grid-cols-3">
        <Group title="Emotion" kind="emotion" utterance={utterance} />
        <Group title="Sentiment" kind="sentiment" utterance={utterance} />
        {/* Its bars need the width: in two columns they would be a few pixels long. */}
        <div className="@lg:col-span-2 @4xl:col-span-1">
          <ModalityBreakdown utterance={utterance} />
        </div>
      </div>
    </div>
  );
}

function Group({ title, kind, utterance }: { title: string; kind: Kind; utterance: Utterance }) {
  const shares =
    kind === "emotion" ? sharesOf(utterance.emotions, EMOTION_STACK) : sharesOf(utterance.sentiments, SENTIMENT_STACK);
  return (
    <div>
      <h3 className="mb-2 text-xs text-muted">{title}</h3>
      <Bars kind={kind} shares={shares} />
    </div>
  );
}

/** What words, voice, face and scene contributed to the result, and what each predicts by itself. */
function ModalityBreakdown({ utterance }: { utterance: Utterance }) {
  return (
    <div className="grid content-start gap-4">
      <Contributions {...utterance} />
      <div>
        <h3 className="mb-2 text-xs text-muted">What each predicts alone</h3>
        <ul className="grid gap-1.5 text-[13px]">
          {MODALITIES.map((modality) => {
            const emotions = utterance.modalities[modality]?.emotions ?? [];
            const top = strongest(emotions);
            return (
              top && (
                <li key={modality} className={ROW}>
                  <Name modality={modality} />
                  <StackBar kind="emotion" shares={sharesOf(emotions, EMOTION_STACK)} />
                  <span className="numbers text-right text-muted">{`${top.label} ${percent(top.confidence)}`}</span>
                </li>
              )
            );
          })}
        </ul>
      </div>
    </div>
  );
}

const ROW = "grid grid-cols-[6.4rem_minmax(0,1fr)_6.2rem] items-center gap-2 whitespace-nowrap";

function Name({ modality }: { modality: Modality }) {
  return (
    <span className="flex items-center gap-1.5">
      <Swatch kind="modality" label={modality} />
      {MODALITY_NAMES[modality]}
    </span>
  );
}

/** One sentence on what each modality says. Results from before version 2.1 have none. */
function Explanation({ text }: { text?: string }) {
  return text ? <p className="text-[13px] text-pretty text-muted">{text}</p> : null;
}

/** What makes the first emotion likelier than the second, part by part. Of results of schema 1 nothing is known. */
export function Contributions({ emotions, modalities = {}, bias, decided_by }: Explained) {
  const [winner, runnerUp] = [...emotions].sort((a, b) => b.confidence - a.confidence);
  if (!winner || !runnerUp || bias === null || bias === undefined) return null;
  const parts = MODALITIES.flatMap((modality) => {
    const nats = modalities[modality]?.contribution;
    return typeof nats === "number" ? [{ modality, nats }] : [];
  });
  const together = parts.reduce((sum, { nats }) => sum + nats, bias);
  const most = Math.max(LEAST_SCALE, ...[...parts.map(({ nats }) => nats), bias, together].map(Math.abs));
  return (
    <div>
      <h3 className="mb-2 text-xs text-muted">
        Why {winner.label} rather than {runnerUp.label}
      </h3>
      {decided_by === "prior" && (
        <p className="mb-2 text-[13px] text-muted">
          Nothing seen or heard favors {winner.label}; it is first because it is the more common of the two.
        </p>
      )}
      <ul className="grid gap-1.5 text-[13px]">
        {parts.map(({ modality, nats }) => (
          <ContributionRow
            key={modality}
            name={<Name modality={modality} />}
            nats={nats}
            most={most}
            modality={modality}
          />
        ))}
        <ContributionRow name="How common" nats={bias} most={most} />
        <ContributionRow name="Together" nats={together} most={most} />
      </ul>
      <p className="mt-2 text-xs text-muted">
        × makes {winner.label} more likely against {runnerUp.label}, that many times; ÷ less likely. How common: how
        often each comes in conversations, whatever is seen or heard here.
      </p>
    </div>
  );
}

const LEAST_SCALE = 1; // nats that half a bar stands for at least: small leads must variant small

/** One part of a lead: its bar goes to the right where it is for the first emotion, to the left where it is against. */
function ContributionRow({
  name,
  nats,
  most,
  modality,
}: {
  name: ReactNode;
  nats: number;
  most: number;
  modality?: Modality;
}) {
  const width = (50 * Math.abs(nats)) / most;
  return (
    <li className={ROW}>
      <span>{name}</span>
      <svg className="block h-2 w-full" aria-hidden="true">
        <rect
          className={modality ? `modality-${modality} fill-tone` : "fill-muted"}
          x={`${(nats < 0 ? 50 - width : 50).toFixed(2)}%`}
          width={`${width.toFixed(2)}%`}
          height="100%"
        />
        <line x1="50%" x2="50%" y2="100%" className="stroke-muted" />
      </svg>
      <span className="numbers text-right text-muted">{factor(nats)}</span>
    </li>
  );
}
