"use client";

import { Badge } from "@/design/badge";
import { Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { capitalize, clock } from "@/lib/format";

import { UtteranceText } from "./details";
import { strongestMoments, type Moment } from "./moments";
import type { Playback } from "./playback";
import { useThumbnails } from "./thumbnails";
import type { Analysis } from "./types";

interface Props {
  analysis: Analysis;
  playback: Playback;
  videoUrl?: string;
}

/** The strongest moments with a picture, the words and what favors the emotion; a click seeks. */
export function MomentsCard({ analysis, playback, videoUrl }: Props) {
  const moments = strongestMoments(analysis);
  const hasPicture = analysis.video.width > 0;
  const canvasAt = useThumbnails(
    hasPicture ? videoUrl : undefined,
    moments.map(({ time }) => time),
  );
  if (moments.length === 0) return null;
  return (
    <Card title="Strongest moments" aside={<p className="text-[13px] text-muted">other than neutral</p>}>
      <ol
        aria-label="Strongest moments"
        className="grid grid-cols-[repeat(auto-fill,minmax(10.5rem,1fr))] gap-3 max-sm:grid-cols-1"
      >
        {moments.map((moment) => (
          <li key={moment.time} className="min-w-0">
            <button
              type="button"
              data-space="plays"
              onClick={() => playback.seek(moment.time)}
              className="grid h-full w-full content-start gap-2 rounded-control border border-line p-2 text-left hover:bg-hover max-sm:grid-cols-[7rem_minmax(0,1fr)]"
            >
              {hasPicture && (
                <canvas
                  ref={canvasAt(moment.time)}
                  aria-hidden="true"
                  className="aspect-video w-full rounded-[6px] bg-track object-contain"
                />
              )}
              <Description moment={moment} />
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Description({ moment: { time, emotion, text, reason, unclear, difference } }: { moment: Moment }) {
  return (
    <span className="grid min-w-0 content-start gap-1">
      <span className="numbers flex flex-wrap items-center gap-x-2 text-sm">
        <span className="text-accent">{clock(time)}</span>
        <span className="flex items-center gap-1.5 font-medium">
          <Swatch kind="emotion" label={emotion} />
          {capitalize(emotion)}
        </span>
        {unclear && <Badge>unclear</Badge>}
      </span>
      <span className="line-clamp-2 text-[13px] leading-snug">
        <UtteranceText text={text} />
      </span>
      <span className="numbers text-xs text-muted">{reason}</span>
      {difference && <span className="text-xs text-muted">{`Signals differ: ${difference}`}</span>}
    </span>
  );
}
