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
type Predicted = Pick<Utterance, "emotions" | "sentiments" | "unclear"> & { contradictory?: boolean };

/** Strongest emotion and sentiment; their probabilities are shown once, with those of the others. */
export function Prediction({ emotions, sentiments, unclear, contradictory }: Predicted) {
  const [emotion, sentiment] = [strongest(emotions), strongest(sentiments)];
  if (!emotion || !sentiment) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="numbers flex items-center gap-2 text-[17px]">
        <Swatch kind="emotion" label={emotion.label} className="size-3" />
        <strong className="font-semibold">{capitalize(emotion.label)}</strong>
      </span>
      <span className="flex items-center gap-1.5 text-[13px] text-muted">
        Sentiment: <Swatch kind="sentiment" label={sentiment.label} /> {sentiment.label}
      </span>
      <ResultBadges unclear={unclear} contradictory={contradictory} />
    </p>
  );
}

export const UNCLEAR = "Unclear: at this confidence, results were wrong more often than right.";

/** Badges of a result that is too uncertain, or whose modalities contradict each other. */
export function ResultBadges({ unclear, contradictory }: { unclear?: boolean; contradictory?: boolean }) {
  const badges = [unclear && "unclear", contradictory && "mixed signals"].filter((badge) => typeof badge === "string");
  return badges.map((badge) => <Badge key={badge}>{badge}</Badge>);
}

/** Prediction, text and explanation of an utterance. */
export function UtteranceSummary({ utterance }: { utterance: Utterance }) {
  return (
    <div className="mb-4 grid gap-1">
      <Prediction {...utterance} />
      <p className="text-[15px] leading-snug">
        <UtteranceText text={utterance.text} />
      </p>
      <ExplanationText text={utterance.explanation} />
    </div>
  );
}

/** Note in place of a result where nobody speaks: it would average over up to ten seconds. */
export function NoWords() {
  return (
    <p className="text-[13px] text-muted">
      No speech here. The curves show how the face, and a voice without words, change over time.
    </p>
  );
}

export function UtteranceText({ text }: { text: string }) {
  return text ? <span dir="auto">{text}</span> : <span className="text-muted italic">No speech</span>;
}

/** All emotions and sentiments of an utterance, and the contribution of each modality. */
export function Distributions({ utterance }: { utterance: Utterance }) {
  return (
    <div className="@container">
      <div className="grid gap-x-10 gap-y-5 @lg:grid-cols-2 @4xl:grid-cols-3">
        <Group title="Emotion" kind="emotion" utterance={utterance} />
        <Group title="Sentiment" kind="sentiment" utterance={utterance} />
        {/* Spans both columns: its bars need the width. */}
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

/** Contribution of each modality to the result, and its own prediction. */
function ModalityBreakdown({ utterance }: { utterance: Utterance }) {
  return (
    <div className="grid content-start gap-4">
      <Contributions {...utterance} />
      <div>
        <h3 className="mb-2 text-xs text-muted">Each signal on its own</h3>
        <ul className="grid gap-1.5 text-[13px]">
          {MODALITIES.map((modality) => {
            const emotions = utterance.modalities[modality]?.emotions ?? [];
            const top = strongest(emotions);
            return (
              top && (
                <li key={modality} className={ROW}>
                  <ModalityName modality={modality} />
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

function ModalityName({ modality }: { modality: Modality }) {
  return (
    <span className="flex items-center gap-1.5">
      <Swatch kind="modality" label={modality} />
      {MODALITY_NAMES[modality]}
    </span>
  );
}

/** One sentence that explains the result; missing from results older than schema 2.1. */
function ExplanationText({ text }: { text?: string }) {
  return text ? <p className="text-[13px] text-pretty text-muted">{text}</p> : null;
}

/** Contributions of the modalities and the prior to the first emotion's lead over the second. Empty for schema 1. */
export function Contributions({ emotions, modalities = {}, bias, decided_by }: Explained) {
  const [winner, runnerUp] = [...emotions].sort((a, b) => b.confidence - a.confidence);
  if (!winner || !runnerUp || bias === null || bias === undefined) return null;
  const parts = MODALITIES.flatMap((modality) => {
    const nats = modalities[modality]?.contribution;
    return typeof nats === "number" ? [{ modality, nats }] : [];
  });
  const total = parts.reduce((sum, { nats }) => sum + nats, bias);
  const scale = Math.max(MIN_SCALE, ...[...parts.map(({ nats }) => nats), bias, total].map(Math.abs));
  return (
    <div>
      <h3 className="mb-2 text-xs text-muted">
        What drove this result: {winner.label} over {runnerUp.label}
      </h3>
      {decided_by === "prior" && (
        <p className="mb-2 text-[13px] text-muted">
          No signal favors {winner.label}; it ranks first because it is more common than {runnerUp.label}.
        </p>
      )}
      <ul className="grid gap-1.5 text-[13px]">
        {parts.map(({ modality, nats }) => (
          <ContributionRow
            key={modality}
            name={<ModalityName modality={modality} />}
            nats={nats}
            scale={scale}
            modality={modality}
          />
        ))}
        <ContributionRow name="Base rate" nats={bias} scale={scale} />
        <ContributionRow name="Total" nats={total} scale={scale} />
      </ul>
      <p className="mt-2 text-xs text-muted">
        × multiplies the odds of {winner.label} over {runnerUp.label} by that factor; ÷ divides them. Base rate: how
        often each emotion occurs in conversation, whatever the video shows.
      </p>
    </div>
  );
}

const MIN_SCALE = 1; // nats; half a bar stands for at least this much, so that small leads look small

/** Contribution as a bar: to the right in favor of the first emotion, to the left against it. */
function ContributionRow({
  name,
  nats,
  scale,
  modality,
}: {
  name: ReactNode;
  nats: number;
  scale: number;
  modality?: Modality;
}) {
  const width = (50 * Math.abs(nats)) / scale;
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
