"use client";

import { Card } from "@/design/card";
import { clock } from "@/lib/format";

import { SpeakerName } from "@/features/people/mark";
import type { Speakers } from "@/features/people/edits";

import { Distributions, NoWords, UtteranceSummary, UNCLEAR } from "./details";
import { hasResult } from "./moments";
import { HumanRatings, type Ratings } from "./ratings";
import { usePlayback, type Playback } from "./playback";
import { indexNear } from "./timeline";
import type { Analysis } from "./types";

interface Props {
  analysis: Analysis;
  ratings?: readonly Ratings[];
  speakers: Speakers;
  playback: Playback;
}

/** Details of the utterance at the current time; between two utterances, of the one before. */
export function Inspector({ analysis, ratings, speakers, playback }: Props) {
  const index = usePlayback(playback, ({ time }) => indexNear(analysis.utterances, time));
  const utterance = analysis.utterances[index];
  if (!utterance) return null;
  const utteranceRatings = ratings?.[index];
  const speaker = speakers.get(utterance.speaker ?? "");
  const time = `${clock(utterance.start_time)} – ${clock(utterance.end_time)}`;
  return (
    <Card title="Selected moment" aside={<p className="numbers text-[13px] text-muted">{time}</p>}>
      {speaker && <SpeakerName speaker={speaker} className="mb-1 text-[13px] font-medium" />}
      {hasResult(analysis, utterance) ? <UtteranceSummary utterance={utterance} /> : <NoWords />}
      {hasResult(analysis, utterance) && utterance.unclear && <p className="mb-4 text-[13px] text-muted">{UNCLEAR}</p>}
      {utteranceRatings && <HumanRatings ratings={utteranceRatings} />}
      {hasResult(analysis, utterance) && <Distributions utterance={utterance} />}
    </Card>
  );
}
