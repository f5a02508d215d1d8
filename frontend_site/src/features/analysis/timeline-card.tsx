"use client";

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { EMOTION_STACK, MODALITY_NAMES, SENTIMENT_STACK } from "@/design/palette";
import { capitalize, clock, percent } from "@/lib/format";

import { Axis, Chart } from "./chart";
import { curveModalities, scoresAt, type CurveModality } from "./curves";
import { faceAndWordsDiffer, hasResult } from "./moments";
import { usePlayback, type Playback } from "./playback";
import { confidenceOf, indexAt, nextStart, previousStart, strongest, type TimedScores } from "./timeline";
import type { Analysis } from "./types";

interface Props {
  analysis: Analysis;
  playback: Playback;
}

/**
 * Emotions over time: click or drag to seek, hover to read the values. The curves of single signals can be hidden.
 */
export function TimelineCard({ analysis, playback }: Props) {
  const [hovered, setHovered] = useState<number | null>(null); // seconds
  const available = curveModalities(analysis.curves);
  const [hidden, setHidden] = useState<readonly CurveModality[]>([]);
  const signals = available.filter((modality) => !hidden.includes(modality));
  const half = usePlayback(playback, ({ time }) => Math.floor(2 * time) / 2);
  const time = hovered ?? half;
  const pointed = hovered === null ? undefined : analysis.utterances[indexAt(analysis.utterances, hovered)];
  const toggle = (modality: CurveModality) =>
    setHidden(hidden.includes(modality) ? hidden.filter((one) => one !== modality) : [...hidden, modality]);
  return (
    <Card
      title="Emotion over time"
      aside={<Readout analysis={analysis} signals={signals} time={time} />}
      className="flex grow flex-col"
    >
      {available.length > 1 && (
        <fieldset className="-mt-1 flex flex-wrap gap-x-4 text-[13px] text-muted">
          <legend className="sr-only">Curves to show</legend>
          {available.map((modality) => (
            <label key={modality} className="flex min-h-7 items-center gap-1.5">
              <input
                type="checkbox"
                checked={!hidden.includes(modality)}
                onChange={() => toggle(modality)}
                className="size-4 accent-accent-fill"
              />
              {MODALITY_NAMES[modality]}
            </label>
          ))}
        </fieldset>
      )}
      <Slider analysis={analysis} playback={playback} signals={signals} hovered={hovered} onHover={setHovered} />
      <Axis duration={analysis.video.duration_s} />
      {analysis.utterances.some(faceAndWordsDiffer) && (
        <p className="mt-1 text-xs text-muted">Dotted line: face and words differ in how pleasant they are.</p>
      )}
      <Values
        prediction={pointed && hasResult(analysis, pointed) ? pointed : undefined}
        hasSentiments={analysis.utterances.some((utterance) => hasResult(analysis, utterance))}
      />
    </Card>
  );
}

/** Values of the curves at a time. */
function Readout({ analysis, signals, time }: { analysis: Analysis; signals: readonly CurveModality[]; time: number }) {
  return (
    <p className="numbers flex flex-wrap items-center gap-x-3 text-[13px] text-muted" data-testid="readout">
      <span>{clock(time)}</span>
      {signals.map((modality) => {
        const top = strongest(scoresAt(analysis.curves, modality, time) ?? []);
        return (
          <span key={modality} className="flex items-center gap-1.5">
            {MODALITY_NAMES[modality]}
            {top ? (
              <>
                <Swatch kind="emotion" label={top.label} /> {top.label} {percent(top.confidence)}
              </>
            ) : (
              " –"
            )}
          </span>
        );
      })}
    </p>
  );
}

function describe(analysis: Analysis, index: number, time: number): string {
  const utterance = analysis.utterances[index];
  const top = utterance && hasResult(analysis, utterance) ? strongest(utterance.emotions) : undefined;
  if (top) return `${clock(time)}, ${top.label} ${percent(top.confidence)}`;
  const alone = curveModalities(analysis.curves).flatMap((modality) => {
    const best = strongest(scoresAt(analysis.curves, modality, time) ?? []);
    return best ? [`${MODALITY_NAMES[modality].toLowerCase()} ${best.label} ${percent(best.confidence)}`] : [];
  });
  return [clock(time), ...(alone.length > 0 ? alone : ["no data"])].join(", ");
}

function Slider({
  analysis,
  playback,
  signals,
  hovered,
  onHover,
}: Props & {
  signals: readonly CurveModality[];
  hovered: number | null;
  onHover: (time: number | null) => void;
}) {
  const { utterances, video } = analysis;
  const second = usePlayback(playback, ({ time }) => Math.floor(time));
  const dragging = useRef(false);

  const timeAt = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(video.duration_s, Math.max(0, (video.duration_s * (event.clientX - box.left)) / box.width));
  };
  const jump = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { time } = playback;
    const targets: Partial<Record<string, number>> = {
      ArrowLeft: time - 1,
      ArrowDown: time - 1,
      ArrowRight: time + 1,
      ArrowUp: time + 1,
      PageUp: previousStart(utterances, time),
      PageDown: nextStart(utterances, time, video.duration_s),
      Home: 0,
      End: video.duration_s,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    playback.seek(target);
  };

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="Position in the video"
      aria-valuemin={0}
      aria-valuemax={Math.floor(video.duration_s)}
      aria-valuenow={second}
      aria-valuetext={describe(analysis, indexAt(utterances, playback.time), second)}
      data-testid="timeline"
      className="relative flex grow cursor-pointer touch-pan-y flex-col rounded-control"
      onKeyDown={jump}
      onPointerDown={(event) => {
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        playback.seek(timeAt(event));
      }}
      onPointerMove={(event) => {
        onHover(timeAt(event));
        if (dragging.current) playback.seek(timeAt(event));
      }}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
      onPointerLeave={() => onHover(null)}
    >
      <Chart analysis={analysis} signals={signals} />
      <svg className="pointer-events-none absolute inset-0 size-full overflow-visible" aria-hidden="true">
        {hovered !== null && <Line share={hovered / video.duration_s} className="stroke-text [stroke-dasharray:4_3]" />}
        <Playhead playback={playback} />
      </svg>
    </div>
  );
}

function Line({ share, className }: { share: number; className: string }) {
  const x = `${(100 * share).toFixed(3)}%`;
  return <line x1={x} x2={x} y2="100%" strokeWidth="1.5" className={className} />;
}

/** Playback position over a chart. */
export function PlayheadOverlay({ playback }: { playback: Playback }) {
  return (
    <svg className="pointer-events-none absolute inset-0 size-full overflow-visible" aria-hidden="true">
      <Playhead playback={playback} />
    </svg>
  );
}

/** Line at the playback position. Moved without React, as it changes on every animation frame. */
function Playhead({ playback }: { playback: Playback }) {
  const group = useRef<SVGGElement>(null);
  useEffect(() => {
    const move = () => {
      const x = `${((100 * playback.time) / (playback.duration || 1)).toFixed(3)}%`;
      for (const line of group.current?.children ?? []) {
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
      }
    };
    move();
    return playback.subscribe(move);
  }, [playback]);
  return (
    <g ref={group} data-testid="playhead">
      <line y1="-4" y2="100%" strokeWidth="5" className="stroke-surface" />
      <line y1="-4" y2="100%" strokeWidth="2.5" className="stroke-text" />
    </g>
  );
}

interface ValuesProps {
  prediction: Pick<TimedScores, "emotions" | "sentiments"> | undefined;
  hasSentiments: boolean; // in the chart
}

/** Legend of the colors, with the values of the utterance that is pointed at. */
function Values({ prediction, hasSentiments }: ValuesProps) {
  const item = (kind: "emotion" | "sentiment", label: string) => {
    const scores = kind === "emotion" ? prediction?.emotions : prediction?.sentiments;
    return (
      <li key={label} className="flex items-center gap-1.5">
        <Swatch kind={kind} label={label} />
        {capitalize(label)}
        <span className="numbers ml-auto text-muted" data-value={`${kind}-${label}`}>
          {scores && percent(confidenceOf(scores, label))}
        </span>
      </li>
    );
  };
  const grid = "grid grid-cols-[repeat(auto-fill,minmax(7.2rem,1fr))] gap-x-5 gap-y-1 text-[13px]";
  return (
    <div className="mt-2 grid gap-2">
      <h3 className="text-xs text-muted">Emotion</h3>
      <ul aria-label="Colors of emotions" className={grid}>
        {EMOTION_STACK.map((label) => item("emotion", label))}
      </ul>
      {hasSentiments && (
        <>
          <h3 className="border-t border-line pt-2 text-xs text-muted">Sentiment</h3>
          <ul aria-label="Colors of sentiments" className={grid}>
            {SENTIMENT_STACK.map((label) => item("sentiment", label))}
          </ul>
        </>
      )}
    </div>
  );
}
