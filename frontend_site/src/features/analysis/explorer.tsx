"use client";

import { lazy, Suspense, type ReactNode } from "react";

import { EmptyState } from "@/design/feedback";
import { Button } from "@/design/button";
import type { Speakers } from "@/features/people/edits";
import { FileQuestion } from "lucide-react";

import { Inspector } from "./inspector";
import { Overall } from "./overall";
import type { Ratings } from "./ratings";
import type { Playback } from "./playback";
import { TimelineCard } from "./timeline-card";
import { Transcript } from "./transcript";
import type { Analysis } from "./types";

const MomentsCard = lazy(async () => ({ default: (await import("./moments-card")).MomentsCard }));

interface Props {
  analysis: Analysis;
  ratings?: readonly Ratings[];
  speakers: Speakers;
  filter?: Filter;
  playback: Playback;
  player: ReactNode;
  videoUrl?: string; // to cut pictures from
  people: ReactNode;
}

/** Person to whom the analysis is limited. */
export interface Filter {
  name: string;
  clear: () => void;
}

/** Interactive result: player and timeline, transcript and overall result beside them; moments and people below. */
export function Explorer({ analysis, ratings, speakers, filter, playback, player, videoUrl, people }: Props) {
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
    <>
      {filter && <FilterBar {...filter} />}
      <div className="flex flex-col gap-5 lg:grid lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="contents min-w-0 lg:flex lg:flex-col lg:gap-5">
          <div className="max-lg:sticky max-lg:top-2 max-lg:z-10">{player}</div>
          <TimelineCard analysis={analysis} playback={playback} />
        </div>
        <div className="contents min-w-0 lg:flex lg:flex-col lg:gap-5">
          {/* The scroll margin keeps focused elements clear of the sticky player. */}
          <div className="flex min-h-0 grow flex-col max-lg:order-last max-lg:[&_:is(button,input)]:scroll-mt-[54vh]">
            <Transcript analysis={analysis} ratings={ratings} speakers={speakers} playback={playback} />
          </div>
          <Overall analysis={analysis} subject={filter?.name} />
        </div>
        <div className="grid gap-5 lg:col-span-2">
          <Suspense>
            <MomentsCard analysis={analysis} playback={playback} videoUrl={videoUrl} />
          </Suspense>
          {people}
          <Inspector analysis={analysis} ratings={ratings} speakers={speakers} playback={playback} />
        </div>
      </div>
    </>
  );
}

function FilterBar({ name, clear }: Filter) {
  return (
    <div role="status" className="card flex flex-wrap items-center justify-between gap-2 px-4 py-2 text-sm">
      <p>
        Everything below is limited to <strong dir="auto">{name}</strong>.
      </p>
      <Button size="small" onClick={clear}>
        Show everyone
      </Button>
    </div>
  );
}
