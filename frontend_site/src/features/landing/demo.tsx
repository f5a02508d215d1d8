"use client";

import { useEffect, useRef, useState } from "react";

import { StackBar, Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { EMOTION_STACK, type Emotion } from "@/design/palette";
import { Distributions, Reading } from "@/features/analysis/details";
import { Playback, usePlayback } from "@/features/analysis/playback";
import { indexNear, strongest } from "@/features/analysis/timeline";
import { TimelineCard } from "@/features/analysis/timeline-card";
import type { Analysis } from "@/features/analysis/types";
import { clock } from "@/lib/format";

import people from "./people.json";
import sample from "./sample.json";

// Of examples/six_emotions.mp4, as the starter bundle predicts it; `python -m scripts.landing` makes both files anew.
const ANALYSIS = sample as unknown as Analysis;
const VIDEO = "/demonstration/six_emotions.mp4";

type Votes = Record<Emotion, number>;
// Of each utterance, by what people had to go by.
const PEOPLE: readonly { audio: Votes; face: Votes; together: Votes }[] = people;
const JUDGED = [
  ["together", "Voice and face"],
  ["audio", "Voice alone"],
  ["face", "Face alone"],
] as const;

/** A real analysis to try, beside what about ten people said of each of its utterances. */
export function Demo() {
  const [playback] = useState(() => new Playback(ANALYSIS.video.duration_s));
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => (video.current ? playback.attach(video.current) : undefined), [playback]);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <div className="overflow-hidden rounded-card border border-line bg-black">
          {/* The sentence is always the same one, and stands beside it. */}
          {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
          <video
            ref={video}
            src={VIDEO}
            width={ANALYSIS.video.width}
            height={ANALYSIS.video.height}
            controls
            playsInline
            preload="metadata"
            aria-label="Six recordings of one sentence"
            className="block max-h-[44vh] w-full"
          />
        </div>
        <TimelineCard analysis={ANALYSIS} playback={playback} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <Beside playback={playback} />
        <Current playback={playback} />
      </div>
    </div>
  );
}

/** Every utterance: the model's first emotion, and the one that people named most often. */
function Beside({ playback }: { playback: Playback }) {
  const current = usePlayback(playback, ({ time }) => indexNear(ANALYSIS.utterances, time));
  const rows = ANALYSIS.utterances.flatMap((utterance, index) => {
    const [top, votes] = [strongest(utterance.emotions), PEOPLE[index]?.together];
    return top && votes ? [{ utterance, top: top.label, votes }] : [];
  });
  const same = rows.filter(({ top, votes }) => majority(votes).includes(top)).length;
  return (
    <Card
      title="The model beside people"
      aside={<p className="text-[13px] text-muted">{`the same in ${same} of ${rows.length}`}</p>}
    >
      <ol aria-label="Utterances" className="-mx-2 grid gap-0.5">
        {rows.map(({ utterance, top, votes }, index) => (
          <li key={utterance.start_time}>
            <button
              type="button"
              aria-current={index === current || undefined}
              onClick={() => playback.seek(utterance.start_time)}
              className="numbers grid w-full grid-cols-[2.6rem_minmax(0,1fr)_minmax(0,1.4fr)] items-center gap-x-3 rounded-control px-2 py-1.5 text-left text-[13px] hover:bg-hover aria-[current]:bg-hover"
            >
              <span className="text-accent">{clock(utterance.start_time)}</span>
              <span className="flex items-center gap-1.5">
                <Swatch kind="emotion" label={top} /> {top}
                {utterance.unclear && <span className="text-muted">unclear</span>}
              </span>
              <span className="text-muted">
                {majority(votes).includes(top) ? "people too: " : "people: "}
                {told(votes)}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** The utterance of this moment: why the model says what it says, and what people said of it. */
function Current({ playback }: { playback: Playback }) {
  const index = usePlayback(playback, ({ time }) => indexNear(ANALYSIS.utterances, time));
  const utterance = ANALYSIS.utterances[index];
  if (!utterance) return null;
  const votes = PEOPLE[index];
  return (
    <Card
      title="This recording"
      aside={<p className="numbers text-[13px] text-muted">{clock(utterance.start_time)}</p>}
    >
      <Reading utterance={utterance} />
      {votes && (
        <>
          <h3 className="mb-2 text-xs text-muted">What people said</h3>
          <ul className="mb-4 grid gap-1.5 text-[13px]">
            {JUDGED.map(([judged, name]) => (
              <li
                key={judged}
                className="grid grid-cols-[6.4rem_minmax(0,1fr)_8.4rem] items-center gap-2 whitespace-nowrap"
              >
                <span>{name}</span>
                <StackBar
                  kind="emotion"
                  shares={EMOTION_STACK.map((label) => ({ label, share: votes[judged][label] }))}
                />
                <span className="numbers text-right text-muted">{told(votes[judged])}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <Distributions utterance={utterance} />
    </Card>
  );
}

/** The emotions with the most votes. */
function majority(votes: Votes): Emotion[] {
  const most = Math.max(...Object.values(votes));
  return EMOTION_STACK.filter((emotion) => votes[emotion] === most);
}

/** "joy 10 of 11". */
function told(votes: Votes): string {
  const counts = Object.values(votes);
  return `${majority(votes).join(" or ")} ${Math.max(...counts)} of ${counts.reduce((sum, count) => sum + count, 0)}`;
}
