import type { ReactNode } from "react";

import { subduedFirst, isSubdued } from "@/design/bars";
import { EMOTION_STACK, MODALITY_NAMES, SENTIMENT_STACK } from "@/design/palette";
import { cx } from "@/design/cx";
import { clock } from "@/lib/format";

import { curveBands, curveModalities, type CurveModality } from "./curves";
import { faceAndWordsDiffer, shownUtterances } from "./moments";
import { bands, ticks } from "./timeline";
import type { Analysis } from "./types";

export const CHART_WIDTH = 1000; // of the view box, which is stretched to the page

/**
 * Emotions stacked over time: the curves of single signals, then the results of utterances with all signals, with the
 * sentiments as a band below; grows with its column. Hidden from screen readers: show the values as text beside it.
 */
export function Chart({
  analysis,
  signals = curveModalities(analysis.curves),
}: {
  analysis: Analysis;
  signals?: readonly CurveModality[];
}) {
  const { curves, video } = analysis;
  const utterances = shownUtterances(analysis);
  const size = { duration: video.duration_s, width: CHART_WIDTH };
  const hasCurves = curveModalities(curves).length > 0;
  return (
    <>
      {curves &&
        signals.map((modality) => (
          <Lane key={modality} name={`${MODALITY_NAMES[modality]}: emotion by itself`}>
            <Stack
              kind="emotion"
              signal={modality}
              areas={curveBands(curves, modality, size)}
              className="h-16 grow rounded-control"
            />
          </Lane>
        ))}
      {utterances.length > 0 && (
        <>
          <Lane name={hasCurves ? "Utterances: emotion from all signals" : "Emotion"} grows={!hasCurves}>
            <Stack
              kind="emotion"
              areas={bands(utterances, "emotions", EMOTION_STACK, size)}
              className={hasCurves ? "h-10 rounded-control" : "h-36 grow rounded-control"}
            />
            <Differences analysis={analysis} />
          </Lane>
          <Lane name="Utterances: sentiment" grows={false}>
            <Stack
              kind="sentiment"
              areas={bands(utterances, "sentiments", SENTIMENT_STACK, size)}
              className="h-5 rounded-control"
            />
          </Lane>
        </>
      )}
    </>
  );
}

/** Part of the chart below its name. */
function Lane({ name, grows = true, children }: { name: string; grows?: boolean; children: ReactNode }) {
  return (
    <div className={cx("flex flex-col", grows && "grow")}>
      <p className="mt-1 pl-2 text-[11px] leading-5 text-muted" aria-hidden="true">
        {name}
      </p>
      {children}
    </div>
  );
}

/** Lines below the utterances in which face and words differ. */
function Differences({ analysis: { utterances, video } }: { analysis: Analysis }) {
  const differing = utterances.filter((utterance) => faceAndWordsDiffer(utterance));
  if (differing.length === 0) return null;
  const x = (time: number) => `${((100 * time) / (video.duration_s || 1)).toFixed(2)}%`;
  return (
    <svg className="mt-[3px] block h-1 w-full" aria-hidden="true" data-testid="differences">
      {differing.map(({ start_time, end_time }) => (
        <line
          key={start_time}
          x1={x(start_time)}
          x2={x(end_time)}
          y1="50%"
          y2="50%"
          className="stroke-text [stroke-dasharray:2_3] [stroke-width:3]"
        />
      ))}
    </svg>
  );
}

interface StackProps {
  kind: string;
  signal?: CurveModality;
  areas: ReturnType<typeof bands>;
  className: string;
}

export function Stack({ kind, signal, areas, className }: StackProps) {
  return (
    <svg
      viewBox={`0 0 ${CHART_WIDTH} 1`}
      preserveAspectRatio="none"
      className={cx("block w-full bg-track", className)}
      aria-hidden="true"
    >
      {subduedFirst(areas).map(({ label, path }) => (
        <path
          key={label}
          d={path}
          data-band={signal ? undefined : `${kind}-${label}`}
          data-curve={signal && `${signal}-${label}`}
          className={cx(`${kind}-${label}`, isSubdued(label) ? "fill-tone/20" : "fill-tone stroke-surface stroke-1")}
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}

/** Time axis below a chart. */
export function Axis({ duration }: { duration: number }) {
  return (
    <svg className="block h-5 w-full shrink-0 overflow-visible" aria-hidden="true">
      {ticks(duration).map((seconds) => {
        const share = duration > 0 ? (100 * seconds) / duration : 0;
        const x = `${share.toFixed(2)}%`;
        return (
          <g key={seconds}>
            <line x1={x} x2={x} y2="4" className="stroke-muted" />
            <text
              x={x}
              y="17"
              textAnchor={share === 0 ? "start" : share > 95 ? "end" : "middle"}
              className="numbers fill-muted text-[11px]"
            >
              {clock(seconds)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
