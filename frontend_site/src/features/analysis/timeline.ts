/** Timeline computations: utterances by time, and the bands of the chart. Pure functions. */

import { area, stack, stackOrderNone } from "d3-shape";

/** Part of an utterance that a timeline needs. Times in seconds; each list contains every label once. */
export interface TimedScores {
  start_time: number;
  end_time: number;
  emotions: readonly Score[];
  sentiments: readonly Score[];
}

export interface Score {
  label: string;
  confidence: number; // 0 to 1
}

const NEAR = 0.02; // seconds; players seek with small deviations
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]; // seconds
const MAX_TICKS = 8;

/** Return the index of the utterance at a time, the later one where two meet; -1 between two. */
export function indexAt(utterances: readonly TimedScores[], time: number): number {
  return utterances.findLastIndex(({ start_time, end_time }) => start_time - NEAR <= time && time <= end_time + NEAR);
}

/** Return the index of the utterance at a time, else of the last before it, else of the first; -1 if there is none. */
export function indexNear(utterances: readonly TimedScores[], time: number): number {
  const previous = utterances.findLastIndex(({ start_time }) => start_time - NEAR <= time);
  return previous >= 0 ? previous : Math.min(0, utterances.length - 1);
}

/** Return the start of the next utterance, or the end of the video. */
export function nextStart(utterances: readonly TimedScores[], time: number, duration: number): number {
  return utterances.find(({ start_time }) => start_time > time + NEAR)?.start_time ?? duration;
}

/** Return the start of the previous utterance, or 0. */
export function previousStart(utterances: readonly TimedScores[], time: number): number {
  return utterances.findLast(({ start_time }) => start_time < time - NEAR)?.start_time ?? 0;
}

/** Return the confidence of a label; 0 if it is missing. */
export function confidenceOf(scores: readonly Score[], label: string): number {
  return scores.find((score) => score.label === label)?.confidence ?? 0;
}

/** Return the score with the highest confidence; the list need not be sorted. */
export function strongest<S extends Score>(scores: readonly S[]): S | undefined {
  return scores.reduce<S | undefined>(
    (best, score) => (best && best.confidence >= score.confidence ? best : score),
    undefined,
  );
}

/** Return the labeled positions of the time axis in seconds: round numbers, at most eight. */
export function ticks(duration: number): number[] {
  const step =
    STEPS.find((seconds) => duration / seconds < MAX_TICKS) ?? 14400 * Math.ceil(duration / 14400 / MAX_TICKS);
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, index) => index * step);
}

export interface Band {
  label: string;
  path: string; // SVG path in a view box `width` wide and 1 high
}

interface Edge {
  at: number;
  shares: Readonly<Record<string, number>> | null; // null in gaps between utterances
}

/** Return one area per label, stacked from the top in the order of `labels`, with gaps between utterances. */
export function bands(
  utterances: readonly TimedScores[],
  kind: "emotions" | "sentiments",
  labels: readonly string[],
  { duration, width }: { duration: number; width: number },
): Band[] {
  const edges = utterances.flatMap((utterance): Edge[] => {
    const shares = Object.fromEntries(utterance[kind].map(({ label, confidence }) => [label, confidence]));
    const [start, end] = [utterance.start_time, utterance.end_time];
    return [
      { at: start, shares },
      { at: end, shares },
      { at: end, shares: null },
    ];
  });
  const series = stack<Edge>()
    .keys(labels)
    .value((edge, label) => edge.shares?.[label] ?? 0)
    .order(stackOrderNone)(edges);
  const x = (edge: Edge) => (duration > 0 ? (width * Math.min(edge.at, duration)) / duration : 0);
  return series.map((points) => ({
    label: points.key,
    path:
      area<(typeof points)[number]>()
        .defined((point) => point.data.shares !== null)
        .x((point) => x(point.data))
        .y0((point) => point[0])
        .y1((point) => point[1])(points) ?? "",
  }));
}
