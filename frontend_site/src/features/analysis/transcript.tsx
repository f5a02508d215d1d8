"use client";

import { useEffect, useRef, useState } from "react";

import { StackBar, Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { cx } from "@/design/cx";
import { EMOTION_STACK } from "@/design/palette";
import { clock } from "@/lib/format";

import { ResultBadges, UtteranceText } from "./details";
import { SpeakerName } from "@/features/people/mark";
import type { Speaker, Speakers } from "@/features/people/edits";
import { faceAndWordsDiffer, hasResult } from "./moments";
import { describeRatings, type Ratings } from "./ratings";
import { usePlayback, type Playback } from "./playback";
import { indexAt, strongest } from "./timeline";
import { sharesOf, type Analysis, type Utterance } from "./types";

interface TranscriptProps {
  analysis: Analysis;
  ratings?: readonly Ratings[];
  speakers: Speakers;
  playback: Playback;
}

/**
 * List of utterances with their predictions. Highlights the current one and keeps it in view; a click seeks. Beside other
 * columns it takes their height and scrolls.
 */
export function Transcript({ analysis, ratings, speakers, playback }: TranscriptProps) {
  const { utterances } = analysis;
  const current = usePlayback(playback, ({ time }) => indexAt(utterances, time));
  const [follow, setFollow] = useState(true);
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const [box, row] = [list.current, list.current?.children[current]];
    if (!follow || !box || !(row instanceof HTMLElement)) return;
    // Not scrollIntoView, which would scroll the page as well. The end of the list may be below the window's edge.
    const visible = Math.min(box.clientHeight, innerHeight - box.getBoundingClientRect().top);
    const offset = row.offsetTop - box.scrollTop;
    if (offset >= 0 && offset + row.offsetHeight <= visible) return;
    box.scrollTo({ top: row.offsetTop - visible / 4, behavior: "smooth" });
  }, [current, follow]);

  const toggle = (
    <label className="flex items-center gap-2 text-[13px] text-muted">
      <input
        type="checkbox"
        checked={follow}
        onChange={(event) => setFollow(event.target.checked)}
        className="size-4 accent-accent-fill"
      />
      Follow playback
    </label>
  );
  return (
    <Card title="Transcript" aside={toggle} className="flex grow flex-col">
      <ol
        ref={list}
        aria-label="Utterances"
        className="relative -mx-2 grid content-start gap-0.5 overflow-y-auto max-lg:max-h-[34rem] lg:min-h-88 lg:flex-[1_1_0]"
      >
        {utterances.map((utterance, index) => (
          <Row
            key={index}
            utterance={utterance}
            showsResult={hasResult(analysis, utterance)}
            ratings={ratings?.[index]}
            speaker={speakers.get(utterance.speaker ?? "")}
            current={index === current}
            seek={(time) => playback.seek(time)}
          />
        ))}
      </ol>
    </Card>
  );
}

interface RowProps {
  utterance: Utterance;
  showsResult: boolean;
  ratings?: Ratings;
  speaker?: Speaker;
  current: boolean;
  seek: (time: number) => void;
}

function Row({ utterance, showsResult, ratings, speaker, current, seek }: RowProps) {
  const top = showsResult ? strongest(utterance.emotions) : undefined;
  const difference = faceAndWordsDiffer(utterance);
  return (
    <li className="[contain-intrinsic-height:auto_5rem] [content-visibility:auto]">
      <button
        type="button"
        data-space="plays"
        aria-current={current || undefined}
        onClick={() => seek(utterance.start_time)}
        className={cx(
          "grid w-full grid-cols-[3rem_minmax(0,1fr)] gap-x-2 gap-y-1 rounded-control border-l-[3px] px-2 py-2 text-left -outline-offset-2",
          current ? "border-accent bg-hover" : "border-transparent hover:bg-hover",
        )}
      >
        <span className="numbers pt-px text-[13px] text-accent">{clock(utterance.start_time)}</span>
        <span className="text-[15px] leading-snug">
          {speaker && <SpeakerName speaker={speaker} className="text-[13px] font-medium" />}
          <UtteranceText text={utterance.text} />
        </span>
        {top && (
          <span className="numbers col-start-2 flex flex-wrap items-center gap-x-3 text-[13px] text-muted">
            <span className="flex items-center gap-1.5">
              <Swatch kind="emotion" label={top.label} />
              {top.label}
            </span>
            <ResultBadges unclear={utterance.unclear} contradictory={utterance.contradictory} />
            {difference && <span>{`signals differ: ${difference}`}</span>}
            {ratings?.together && <span>{describeRatings(utterance, ratings.together)}</span>}
          </span>
        )}
        {top && (
          <StackBar kind="emotion" shares={sharesOf(utterance.emotions, EMOTION_STACK)} className="col-start-2 h-2" />
        )}
      </button>
    </li>
  );
}
