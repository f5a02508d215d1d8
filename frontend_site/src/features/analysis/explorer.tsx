"use client";

import type { ReactNode } from "react";

import { Empty } from "@/design/feedback";
import { FileQuestion } from "lucide-react";

import { Inspector } from "./inspector";
import { Overall } from "./overall";
import type { Playback } from "./playback";
import { TimelineCard } from "./timeline-card";
import { Transcript } from "./transcript";
import type { Analysis } from "./types";

/** An analysis to look into: player (if any), timeline, this utterance; beside them the whole and the transcript. */
export function Explorer({
  analysis,
  playback,
  player,
}: {
  analysis: Analysis;
  playback: Playback;
  player?: ReactNode;
}) {
  if (analysis.utterances.length === 0) {
    return (
      <div className="grid gap-5">
        {player}
        <div className="card">
          <Empty icon={FileQuestion} title="Nothing in this video could be judged">
            Nobody speaks in it, nothing is heard, and no face was found.
          </Empty>
        </div>
      </div>
    );
  }
  return (
    <>
      <Overall analysis={analysis} />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="grid min-w-0 gap-5">
          {player && <div className="max-lg:sticky max-lg:top-2 max-lg:z-10">{player}</div>}
          <TimelineCard analysis={analysis} playback={playback} />
          <Inspector analysis={analysis} playback={playback} />
        </div>
        {/* As high as what the window leaves below the top of the page, so that the current row is in sight. */}
        <div className="grid min-w-0 lg:sticky lg:top-5 lg:max-h-[max(24rem,calc(100vh-22rem))]">
          <Transcript analysis={analysis} playback={playback} />
        </div>
      </div>
    </>
  );
}
