"use client";

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { EMOTION_STACK, SENTIMENT_STACK } from "@/design/palette";
import { capitalize, clock, percent } from "@/lib/format";

import { Axis, Chart } from "./chart";
import { usePlayback, type Playback } from "./playback";
import { confidenceOf, indexAt, nextStart, previousStart, strongest, type TimedScores } from "./timeline";
import type { Analysis } from "./types";

interface Props {
  analysis: Analysis;
  playback: Playback;
}

const WHOLE = "whole video";

/**
 * Emotions over time: click or drag to seek, hover to read the values. Before playback starts, the values are those of
 * the whole video, or of the `subject` to whom the analysis is limited.
 */
export function TimelineCard({ analysis, playback, subject = WHOLE }: Props & { subject?: string }) {
  const [hovered, setHovered] = useState<number | null>(null); // seconds
  const now = usePlayback(playback, ({ time }) => indexAt(analysis.utterances, time));
  const second = usePlayback(playback, ({ time }) => Math.floor(time));
  const started = usePlayback(playback, ({ time }) => time > 0);
  const index = hovered === null ? now : indexAt(analysis.utterances, hovered);
  const showsOverall = index < 0 && hovered === null && !started;
  const top = strongest(analysis.overall.emotions);
  const text =
    showsOverall && top
      ? `${subject}: ${top.label} ${percent(top.confidence)}`
      : describe(analysis, index, hovered ?? second);
  return (
    <Card
      title="Emotion over time"
      aside={<p className="numbers text-[13px] text-muted">{text}</p>}
      className="flex grow flex-col"
    >
      <Slider analysis={analysis} playback={playback} hovered={hovered} onHover={setHovered} />
      <Axis duration={analysis.video.duration_s} />
      <Values
        prediction={showsOverall ? analysis.overall : analysis.utterances[index]}
        when={showsOverall ? `of ${subject === WHOLE ? "the whole video" : subject}` : "at this moment"}
      />
    </Card>
  );
}

function describe({ utterances }: Analysis, index: number, time: number): string {
  const top = strongest(utterances[index]?.emotions ?? []);
  return top ? `${clock(time)}, ${top.label} ${percent(top.confidence)}` : `${clock(time)}, no data`;
}

function Slider({
  analysis,
  playback,
  hovered,
  onHover,
}: Props & { hovered: number | null; onHover: (time: number | null) => void }) {
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
      <Chart analysis={analysis} />
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
  when: string;
}

function Values({ prediction, when }: ValuesProps) {
  const item = (kind: "emotion" | "sentiment", label: string) => {
    const scores = kind === "emotion" ? prediction?.emotions : prediction?.sentiments;
    return (
      <li key={label} className="flex items-center gap-1.5">
        <Swatch kind={kind} label={label} />
        {capitalize(label)}
        <span className="numbers ml-auto text-muted" data-value={`${kind}-${label}`}>
          {scores ? percent(confidenceOf(scores, label)) : "–"}
        </span>
      </li>
    );
  };
  const grid = "grid grid-cols-[repeat(auto-fill,minmax(7.2rem,1fr))] gap-x-5 gap-y-1 text-[13px]";
  return (
    <div className="mt-2 grid gap-2">
      <ul aria-label={`Emotions ${when}`} className={grid}>
        {EMOTION_STACK.map((label) => item("emotion", label))}
      </ul>
      <ul aria-label={`Sentiment ${when}`} className={`${grid} border-t border-line pt-2`}>
        {SENTIMENT_STACK.map((label) => item("sentiment", label))}
      </ul>
    </div>
  );
}
