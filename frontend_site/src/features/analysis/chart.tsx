import { subduedFirst, isSubdued } from "@/design/bars";
import { EMOTION_STACK, SENTIMENT_STACK } from "@/design/palette";
import { cx } from "@/design/cx";
import { clock } from "@/lib/format";

import { bands, ticks } from "./timeline";
import type { Analysis } from "./types";

export const CHART_WIDTH = 1000; // of the view box, which is stretched to the page

/**
 * Emotions stacked over time, with the sentiments as a band below; grows with its column. Hidden from screen readers:
 * show the values as text beside it.
 */
export function Chart({ analysis }: { analysis: Analysis }) {
  const { utterances, video } = analysis;
  const size = { duration: video.duration_s, width: CHART_WIDTH };
  return (
    <>
      <Stack
        kind="emotion"
        areas={bands(utterances, "emotions", EMOTION_STACK, size)}
        className="h-36 grow rounded-t-control"
      />
      <Stack
        kind="sentiment"
        areas={bands(utterances, "sentiments", SENTIMENT_STACK, size)}
        className="mt-[3px] h-6 shrink-0 rounded-b-control"
      />
    </>
  );
}

/** Bands of one kind over time. */
export function Stack({
  kind,
  areas,
  className,
}: {
  kind: string;
  areas: ReturnType<typeof bands>;
  className: string;
}) {
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
          data-band={`${kind}-${label}`}
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
