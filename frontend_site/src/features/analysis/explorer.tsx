"use client";

import type { ReactNode } from "react";

import { EmptyState } from "@/design/feedback";
import { FileQuestion } from "lucide-react";

import { Inspector } from "./inspector";
import { Overall } from "./overall";
import { MomentsCard } from "./moments-card";
import type { Ratings } from "./ratings";
import type { Playback } from "./playback";
import { TimelineCard } from "./timeline-card";
import { Transcript } from "./transcript";
import type { Analysis } from "./types";

/** Interactive result: player and timeline, transcript and overall result beside them, the selected moment below. */
export function Explorer({
  analysis,
  ratings,
  playback,
  player,
  videoUrl,
}: {
  analysis: Analysis;
  ratings?: readonly Ratings[];
  playback: Playback;
  player: ReactNode;
  videoUrl?: string; // to cut pictures from
}) {
  if (analysis.utterances.length === 0) {
    return (
      <div className="grid gap-5">
        {player}
        <div className="card">
          <EmptyState icon={FileQuestion} title="No speech or face detected">
            The whole video was analyzed, but there is nothing in it to predict an emotion from.
          </EmptyState>
        </div>
      </div>
    );
  }
  // On a phone everything is in one column, with the player sticky at the top.
  return (
    <div className="flex flex-col gap-5 lg:grid lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
      <div className="contents min-w-0 lg:flex lg:flex-col lg:gap-5">
        <div className="max-lg:sticky max-lg:top-2 max-lg:z-10">{player}</div>
        <TimelineCard analysis={analysis} playback={playback} />
      </div>
      <div className="contents min-w-0 lg:flex lg:flex-col lg:gap-5">
        {/* The scroll margin keeps focused elements clear of the sticky player. */}
        <div className="flex min-h-0 grow flex-col max-lg:order-last max-lg:[&_:is(button,input)]:scroll-mt-[54vh]">
          <Transcript analysis={analysis} ratings={ratings} playback={playback} />
        </div>
        <Overall analysis={analysis} />
      </div>
      <div className="lg:col-span-2">
        <MomentsCard analysis={analysis} playback={playback} videoUrl={videoUrl} />
      </div>
      <div className="lg:col-span-2">
        <Inspector analysis={analysis} ratings={ratings} playback={playback} />
      </div>
    </div>
  );
}
