import { Bars, StackBar, Swatch, type Kind } from "@/design/bars";
import { EMOTION_STACK, MODALITIES, MODALITY_NAMES, SENTIMENT_STACK } from "@/design/palette";
import { capitalised, percent } from "@/lib/format";

import { strongest } from "./timeline";
import { isUnsure, sharesOf, type Utterance } from "./types";

/** The strongest emotion, how sure the model is, and the strongest sentiment. */
export function Verdict({ emotions, sentiments }: Pick<Utterance, "emotions" | "sentiments">) {
  const [emotion, sentiment] = [strongest(emotions), strongest(sentiments)];
  if (!emotion || !sentiment) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="numbers flex items-center gap-2 text-[17px]">
        <Swatch kind="emotion" label={emotion.label} className="size-3" />
        <strong className="font-semibold">{capitalised(emotion.label)}</strong> {percent(emotion.confidence)}
      </span>
      <span className="numbers text-[13px] text-muted">
        {sentiment.label} {percent(sentiment.confidence)}
      </span>
      {isUnsure(emotion.confidence) && <Unsure />}
    </p>
  );
}

/** Marks a judgement whose strongest emotion is outweighed by the others together. */
export function Unsure() {
  return (
    <span className="rounded-full border border-dashed border-muted px-2 text-xs leading-5 text-muted">
      low confidence
    </span>
  );
}

export function Words({ text }: { text: string }) {
  return text ? <span dir="auto">{text}</span> : <span className="text-muted italic">nobody speaks</span>;
}

/** All that is known of an utterance: every emotion, every sentiment, and what they were judged from. */
export function Distributions({ utterance }: { utterance: Utterance }) {
  return (
    <div className="@container">
      <div className="grid gap-x-10 gap-y-5 @lg:grid-cols-2 @4xl:grid-cols-3">
        <div className="@lg:row-span-2 @4xl:row-span-1">
          <Group title="Emotion" kind="emotion" utterance={utterance} />
        </div>
        <Group title="Sentiment" kind="sentiment" utterance={utterance} />
        <Contributions modalities={utterance.modalities} />
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

/** How much words, voice, face and scene counted, and what each said by itself. */
function Contributions({ modalities }: Pick<Utterance, "modalities">) {
  const present = MODALITIES.flatMap((modality) => {
    const share = modalities[modality];
    return share ? [{ modality, weight: share.weight, emotions: share.emotions }] : [];
  });
  return (
    <div>
      <h3 className="mb-2 text-xs text-muted">What counted, and what each said alone</h3>
      <StackBar kind="modality" shares={present.map(({ modality, weight }) => ({ label: modality, share: weight }))} />
      <ul className="mt-2 grid gap-1.5 text-[13px]">
        {present.map(({ modality, weight, emotions }) => {
          const top = strongest(emotions);
          return (
            <li
              key={modality}
              className="grid grid-cols-[6.4rem_minmax(0,1fr)_6.2rem] items-center gap-2 whitespace-nowrap"
            >
              <span className="numbers flex items-center gap-1.5">
                <Swatch kind="modality" label={modality} />
                {MODALITY_NAMES[modality]} <b className="font-semibold">{percent(weight)}</b>
              </span>
              <StackBar kind="emotion" shares={sharesOf(emotions, EMOTION_STACK)} />
              <span className="numbers text-right text-muted">{top && `${top.label} ${percent(top.confidence)}`}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
