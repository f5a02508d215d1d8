/** The strongest moments of a video, and those where face and words differ. Pure functions. */

import { MODALITIES, MODALITY_NAMES, type Modality } from "@/design/palette";
import { factor, percent } from "@/lib/format";

import { curveModalities, peak, type CurveModality } from "./curves";
import { confidenceOf, strongest } from "./timeline";
import type { Analysis, Utterance } from "./types";

export const MAX_MOMENTS = 5;
const MIN_STRENGTH = 0.25; // a probability; about twice that of an emotion when nothing is known
const MIN_APART = 4; // seconds, of moments of the same emotion
const MIN_DIFFERENCE = 0.5; // probability of both predictions that differ

export interface Moment {
  time: number; // seconds
  emotion: string;
  strength: number; // probability of the emotion
  text: string; // of the utterance; empty without words
  reason: string;
  unclear: boolean;
  difference?: string; // how face and words differ
}

/** True for results that are shown as such: of words, or of a file without curves, where there is nothing else. */
export function hasResult({ curves }: Analysis, utterance: Utterance): boolean {
  return utterance.text !== "" || curveModalities(curves).length === 0;
}

/** Return the utterances whose results are shown, with gaps where nobody speaks. */
export function shownUtterances(analysis: Analysis): Utterance[] {
  return analysis.utterances.filter((utterance) => hasResult(analysis, utterance));
}

/** Return the moments at which an emotion other than neutral is most probable, in order of time. */
export function strongestMoments(analysis: Analysis): Moment[] {
  const candidates = analysis.utterances
    .flatMap((utterance) => momentOf(analysis, utterance) ?? [])
    .filter(({ strength }) => strength >= MIN_STRENGTH)
    .sort((a, b) => b.strength - a.strength);
  const chosen: Moment[] = [];
  for (const moment of candidates) {
    const isClose = chosen.some(
      ({ time, emotion }) => emotion === moment.emotion && Math.abs(time - moment.time) < MIN_APART,
    );
    if (!isClose) chosen.push(moment);
    if (chosen.length === MAX_MOMENTS) break;
  }
  return chosen.sort((a, b) => a.time - b.time);
}

/**
 * Return the strongest moment of an utterance: of its result, or of a single signal's curve where there are no words or
 * where the signal is clear although the result is neutral.
 */
function momentOf(analysis: Analysis, utterance: Utterance): Moment | undefined {
  const { start_time, end_time, text, unclear = false } = utterance;
  const common = { text, unclear, difference: faceAndWordsDiffer(utterance) };
  const isShown = hasResult(analysis, utterance);
  if (!isShown || strongest(utterance.emotions)?.label === "neutral") {
    const best = strongestInCurves(analysis, [start_time, end_time]);
    if (best && (!isShown || best.strength >= MIN_DIFFERENCE))
      return { ...common, ...best, unclear: false, reason: reasonAlone(best.modality, best.emotion, best.strength) };
    if (!isShown) return undefined;
  }
  const top = strongest(utterance.emotions.filter(({ label }) => label !== "neutral"));
  if (!top) return undefined;
  const time = peakOf(analysis, utterance, top.label) ?? (start_time + end_time) / 2;
  return { ...common, time, emotion: top.label, strength: top.confidence, reason: reasonFor(utterance, top.label) };
}

function strongestInCurves({ curves }: Analysis, span: readonly [number, number]) {
  const found = curveModalities(curves).flatMap((modality) =>
    (curves?.emotions ?? [])
      .filter((emotion) => emotion !== "neutral")
      .flatMap((emotion) => {
        const best = peak(curves, modality, emotion, span);
        return best ? [{ modality, emotion, time: best.time, strength: best.confidence }] : [];
      }),
  );
  return found.sort((a, b) => b.strength - a.strength)[0];
}

/** Return when face or voice, whichever predicts the emotion more strongly, is at its peak in an utterance. */
function peakOf({ curves }: Analysis, { start_time, end_time }: Utterance, emotion: string): number | undefined {
  const peaks = curveModalities(curves).flatMap(
    (modality: CurveModality) => peak(curves, modality, emotion, [start_time, end_time]) ?? [],
  );
  return peaks.sort((a, b) => b.confidence - a.confidence)[0]?.time;
}

/** Name what favors an emotion: the contributions of the winner, or the signal that predicts it most strongly. */
export function reasonFor(utterance: Utterance, emotion: string): string {
  if (strongest(utterance.emotions)?.label === emotion) {
    const parts = MODALITIES.flatMap((modality) => {
      const nats = utterance.modalities[modality]?.contribution ?? 0;
      return nats > 0 ? [{ modality, nats }] : [];
    });
    if (parts.length > 0) {
      return parts
        .sort((a, b) => b.nats - a.nats)
        .map(({ modality, nats }) => `${MODALITY_NAMES[modality]} ${factor(nats)}`)
        .join(", ");
    }
  }
  const alone = MODALITIES.flatMap((modality) => {
    const confidence = confidenceOf(utterance.modalities[modality]?.emotions ?? [], emotion);
    return confidence > 0 ? [{ modality, confidence }] : [];
  }).sort((a, b) => b.confidence - a.confidence)[0];
  return alone ? reasonAlone(alone.modality, emotion, alone.confidence) : "";
}

function reasonAlone(modality: Modality, emotion: string, confidence: number): string {
  return `${MODALITY_NAMES[modality]} alone: ${emotion} ${percent(confidence)}`;
}

const SENTIMENT_OF: Readonly<Record<string, string>> = {
  anger: "negative",
  disgust: "negative",
  fear: "negative",
  sadness: "negative",
  neutral: "neutral",
  joy: "positive",
};

/** Describe how face and words differ, if both are clear and one is more pleasant than the other. */
export function faceAndWordsDiffer({ modalities }: Pick<Utterance, "modalities">): string | undefined {
  const [face, words] = [clearTop(modalities, "face"), clearTop(modalities, "text")];
  if (!face || !words || SENTIMENT_OF[face] === SENTIMENT_OF[words]) return undefined;
  return `face ${face}, words ${words}`;
}

/** Return the emotion that a modality clearly predicts; surprise is neither pleasant nor unpleasant. */
function clearTop(modalities: Utterance["modalities"], modality: Modality): string | undefined {
  const top = strongest(modalities[modality]?.emotions ?? []);
  return top && top.confidence >= MIN_DIFFERENCE && top.label in SENTIMENT_OF ? top.label : undefined;
}
