/** Curves of voice and face over time: bands for a chart, and values at a time. Pure functions. */

import { area, stack, stackOrderNone } from "d3-shape";

import type { Schemas } from "@/api/client";
import { EMOTION_STACK, type Modality } from "@/design/palette";

import type { Band, Score } from "./timeline";

export type Curves = Schemas["Curves"];

/** Modalities with curves, in the order in which they are shown. */
export const CURVE_MODALITIES = ["face", "audio"] as const satisfies readonly Modality[];
export type CurveModality = (typeof CURVE_MODALITIES)[number];

/** Return the modalities that have a curve. */
export function curveModalities(curves: Curves | null | undefined): CurveModality[] {
  return CURVE_MODALITIES.filter((modality) => stepsOf(curves, modality).some(Boolean));
}

function stepsOf(curves: Curves | null | undefined, modality: CurveModality) {
  return curves?.modalities[modality] ?? [];
}

/** Return the emotions that a modality predicts at a time; undefined without evidence. */
export function scoresAt(
  curves: Curves | null | undefined,
  modality: CurveModality,
  time: number,
): Score[] | undefined {
  if (!curves) return undefined;
  const step = stepsOf(curves, modality)[Math.floor(time / curves.step_s)];
  return step?.map((confidence, index) => ({ label: curves.emotions[index] ?? "", confidence }));
}

/** Return the time between two others at which a modality predicts an emotion most strongly, and its probability. */
export function peak(
  curves: Curves | null | undefined,
  modality: CurveModality,
  emotion: string,
  [start, end]: readonly [number, number],
): { time: number; confidence: number } | undefined {
  if (!curves) return undefined;
  const column = curves.emotions.findIndex((label) => label === emotion);
  let best: { time: number; confidence: number } | undefined;
  for (const [index, step] of stepsOf(curves, modality).entries()) {
    const time = (index + 0.5) * curves.step_s;
    const confidence = step?.[column];
    if (confidence === undefined || time < start || time >= end) continue;
    if (!best || confidence > best.confidence) best = { time, confidence };
  }
  return best;
}

/** Return one area per emotion, stacked from the top; interrupted where there is no evidence. */
export function curveBands(
  curves: Curves,
  modality: CurveModality,
  { duration, width }: { duration: number; width: number },
): Band[] {
  const points = curvePoints(curves, modality);
  const column = new Map(curves.emotions.map((label, index) => [label as string, index]));
  const series = stack<Point>()
    .keys(EMOTION_STACK)
    .value((point, label) => point.step?.[column.get(label) ?? -1] ?? 0)
    .order(stackOrderNone)(points);
  const x = ({ at }: Point) => (duration > 0 ? (width * Math.min(at, duration)) / duration : 0);
  return series.map((stacked) => ({
    label: stacked.key,
    path:
      area<(typeof stacked)[number]>()
        .defined((point) => point.data.step !== null)
        .x((point) => x(point.data))
        .y0((point) => Math.min(1, point[0]))
        .y1((point) => Math.min(1, point[1]))(stacked) ?? "",
  }));
}

interface Point {
  at: number; // seconds
  step: readonly number[] | null;
}

/** Return the middles of the steps; the first and last of a run also extend to their outer edge. */
function curvePoints(curves: Curves, modality: CurveModality): Point[] {
  const steps = stepsOf(curves, modality);
  return steps.flatMap((raw, index): Point[] => {
    const [start, middle, end] = [index, index + 0.5, index + 1].map((edge) => edge * curves.step_s) as [
      number,
      number,
      number,
    ];
    if (!raw) return [{ at: middle, step: null }];
    const total = raw.reduce((sum, value) => sum + value, 0) || 1; // rounding makes it deviate from 1
    const step = raw.map((value) => value / total);
    return [
      ...(steps[index - 1] ? [] : [{ at: start, step }]),
      { at: middle, step },
      ...(steps[index + 1] ? [] : [{ at: end, step }]),
    ];
  });
}
