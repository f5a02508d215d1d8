"use client";

import { useEffect, useRef, useState } from "react";

import { Swatch } from "@/design/bars";
import { Card } from "@/design/card";
import { SegmentedControl } from "@/design/segmented-control";
import { Distributions, NoWords, UtteranceSummary, UNCLEAR } from "@/features/analysis/details";
import { MomentsCard } from "@/features/analysis/moments-card";
import { hasResult } from "@/features/analysis/moments";
import { HumanRatings, describeRatings } from "@/features/analysis/ratings";
import { Playback, usePlayback } from "@/features/analysis/playback";
import { indexNear, strongest } from "@/features/analysis/timeline";
import { TimelineCard } from "@/features/analysis/timeline-card";
import { fileOf, loadDemonstration, type DemonstrationName } from "@/features/demonstration/files";
import { agreement } from "@/features/demonstration/note";
import { SIX_EMOTIONS } from "@/features/demonstration/six-emotions";
import type { Demonstration } from "@/features/demonstration/types";
import { clock, percent } from "@/lib/format";

interface Example {
  value: DemonstrationName;
  label: string;
  title: string;
  description: string;
  license: { name: string; href: string };
}

const FIRST: Example = {
  value: "six_emotions",
  label: "Six emotions",
  title: "One sentence, six ways to say it",
  description:
    "An actor was asked to express neutral, joy, sadness, anger, fear and disgust, in this order. Select an utterance to see what the model predicts and why, and how about ten people rated it",
  license: { name: "CREMA-D", href: "/demonstration/LICENSE.txt" },
};
const SECOND: Example = {
  value: "without_words",
  label: "Without words",
  title: "Tears, then laughter, and not a word",
  description: "The video has no audio, so the prediction is based on the face only",
  license: { name: "Wolfgang Langer, Pexels", href: "/demonstration/without_words.LICENSE.txt" },
};
const EXAMPLES = [FIRST, SECOND];

/** Interactive demonstration. The first example is part of the page; the second is loaded when selected. */
export function Demo() {
  const [chosen, setChosen] = useState<DemonstrationName>(FIRST.value);
  const [loaded, setLoaded] = useState<Partial<Record<DemonstrationName, Demonstration>>>({
    [FIRST.value]: SIX_EMOTIONS,
  });
  const demonstration = loaded[chosen];
  const example = EXAMPLES.find(({ value }) => value === chosen) ?? FIRST;
  const choose = (name: DemonstrationName) => {
    setChosen(name);
    void loadDemonstration(name).then((found) => setLoaded((all) => ({ ...all, [name]: found })));
  };
  return (
    <section aria-labelledby="demo-title" className="grid gap-4">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="grid gap-1">
          <h2 id="demo-title" className="text-xl">
            {example.title}
          </h2>
          <p className="text-[13px] text-muted">
            {example.description} (
            <a href={example.license.href} className="underline hover:text-text">
              {example.license.name}
            </a>
            ).
          </p>
        </div>
        <SegmentedControl label="Example" options={EXAMPLES} value={chosen} onChange={choose} />
      </div>
      {demonstration && <InteractiveExample key={chosen} example={example} demonstration={demonstration} />}
    </section>
  );
}

interface InteractiveExampleProps {
  example: Example;
  demonstration: Demonstration;
}

function InteractiveExample({ example, demonstration }: InteractiveExampleProps) {
  const { analysis } = demonstration;
  const [playback] = useState(() => new Playback(analysis.video.duration_s));
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => (video.current ? playback.attach(video.current) : undefined), [playback]);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <div className="overflow-hidden rounded-card border border-line bg-black">
          <video
            ref={video}
            src={fileOf(example.value, "mp4")}
            width={analysis.video.width}
            height={analysis.video.height}
            controls
            playsInline
            preload="metadata"
            aria-label={example.title}
            className="block max-h-[60vh] w-full"
          >
            <track kind="captions" src={fileOf(example.value, "vtt")} srcLang="en" label="English" />
          </video>
        </div>
        {analysis.utterances.some((utterance) => hasResult(analysis, utterance)) && (
          <Utterances demonstration={demonstration} playback={playback} />
        )}
        <MomentsCard analysis={analysis} playback={playback} videoUrl={fileOf(example.value, "mp4")} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <TimelineCard analysis={analysis} playback={playback} />
        <SelectedMoment demonstration={demonstration} playback={playback} />
      </div>
    </div>
  );
}

interface PartProps {
  demonstration: Demonstration;
  playback: Playback;
}

/** List of utterances: the predicted emotion, and the raters' most frequent one if there are ratings. */
function Utterances({ demonstration: { analysis, ratings }, playback }: PartProps) {
  const current = usePlayback(playback, ({ time }) => indexNear(analysis.utterances, time));
  const { same, of } = agreement(analysis, ratings);
  return (
    <Card
      title={of > 0 ? "Model vs. human ratings" : "Model predictions"}
      aside={of > 0 && <p className="text-[13px] text-muted">{`${same} of ${of} match`}</p>}
    >
      <ol aria-label="Utterances" className="-mx-2 grid gap-0.5">
        {analysis.utterances.map((utterance, index) => {
          const [top, votes] = [strongest(utterance.emotions), ratings[index]?.together];
          return (
            top && (
              <li key={utterance.start_time}>
                <button
                  type="button"
                  aria-current={index === current || undefined}
                  onClick={() => playback.seek(utterance.start_time)}
                  className="numbers grid w-full grid-cols-[2.6rem_minmax(0,1fr)] items-center gap-x-3 rounded-control px-2 py-1.5 text-left text-[13px] hover:bg-hover aria-[current]:bg-hover sm:grid-cols-[2.6rem_minmax(0,1fr)_minmax(0,1.4fr)]"
                >
                  <span className="text-accent">{clock(utterance.start_time)}</span>
                  <span className="flex items-center gap-1.5">
                    <Swatch kind="emotion" label={top.label} /> {top.label}
                    {utterance.unclear && <span className="text-muted">unclear</span>}
                  </span>
                  <span className="text-muted max-sm:col-start-2">
                    {votes ? describeRatings(utterance, votes) : percent(top.confidence)}
                  </span>
                </button>
              </li>
            )
          );
        })}
      </ol>
      {analysis.utterances.some(({ unclear }) => unclear) && <p className="mt-3 text-xs text-muted">{UNCLEAR}</p>}
    </Card>
  );
}

/** Details of the current utterance: prediction, explanation and human ratings. */
function SelectedMoment({ demonstration: { analysis, ratings }, playback }: PartProps) {
  const index = usePlayback(playback, ({ time }) => indexNear(analysis.utterances, time));
  const utterance = analysis.utterances[index];
  if (!utterance) return null;
  const votes = ratings[index];
  return (
    <Card
      title="Selected moment"
      aside={<p className="numbers text-[13px] text-muted">{clock(utterance.start_time)}</p>}
    >
      {hasResult(analysis, utterance) ? <UtteranceSummary utterance={utterance} /> : <NoWords />}
      {votes && <HumanRatings ratings={votes} />}
      {hasResult(analysis, utterance) && <Distributions utterance={utterance} />}
    </Card>
  );
}
