"use client";

import { useState } from "react";

import { Inspector } from "@/features/analysis/inspector";
import { Playback } from "@/features/analysis/playback";
import { TimelineCard } from "@/features/analysis/timeline-card";
import { Transcript } from "@/features/analysis/transcript";
import type { Analysis } from "@/features/analysis/types";

import sample from "./sample.json";

// Of tests/media/face_and_speech.mp4, as the starter bundle judged it; README.md has the command.
const ANALYSIS = sample as unknown as Analysis;

/** A real analysis to try: the parts of its page, without the video. */
export function Demo() {
  const [playback] = useState(() => {
    const made = new Playback(ANALYSIS.video.duration_s);
    made.seek(ANALYSIS.utterances[0]?.start_time ?? 0);
    return made;
  });
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col">
        <TimelineCard analysis={ANALYSIS} playback={playback} />
      </div>
      <div className="flex min-w-0 flex-col">
        <Transcript analysis={ANALYSIS} playback={playback} />
      </div>
      <div className="lg:col-span-2">
        <Inspector analysis={ANALYSIS} playback={playback} />
      </div>
    </div>
  );
}
