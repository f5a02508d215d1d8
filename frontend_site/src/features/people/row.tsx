"use client";

import { Merge, Pencil, Split } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { Swatch } from "@/design/bars";
import { Button, IconButton } from "@/design/button";
import { EMOTION_STACK } from "@/design/palette";
import { CHART_WIDTH, Stack } from "@/features/analysis/chart";
import { ResultBadges } from "@/features/analysis/details";
import { bands, strongest } from "@/features/analysis/timeline";
import type { Analysis } from "@/features/analysis/types";
import { clock, percent } from "@/lib/format";

import { merged, renamed, separated, type Person, type Speaker } from "./edits";
import type { EditPeople } from "./api";
import { Mark } from "./mark";

interface Props {
  person: Person;
  speaker: Speaker;
  parts: readonly string[]; // names of others who are merged into the person
  others: readonly Person[];
  analysis: Analysis;
  chosen: boolean;
  onChoose: (chosen: boolean) => void;
  edit?: EditPeople;
  overlay: ReactNode; // over the course
}

type Mode = "shown" | "naming" | "merging";

/** One person: name, time, emotions and their course; with the actions that change who it is. */
export function PersonRow({ person, speaker, parts, others, analysis, chosen, onChoose, edit, overlay }: Props) {
  const [mode, setMode] = useState<Mode>("shown");
  const actions = useRef<HTMLDivElement>(null);
  const { id, label } = person;
  const close = () => {
    flushSync(() => setMode("shown"));
    actions.current?.querySelector("button")?.focus(); // the form that had the focus is gone
  };
  const rename = (name: string) => {
    close();
    if (name.trim() === label) return;
    edit?.(
      (edits) => renamed(edits, person, name),
      name.trim() ? `Renamed ${label} to ${name.trim()}.` : "Name removed.",
    );
  };
  const merge = (other: Person) => {
    close();
    edit?.((edits) => merged(edits, id, other.id), `Merged ${label} and ${other.label}.`);
  };
  const separate = () => edit?.((edits) => separated(edits, id), `Separated ${[label, ...parts].join(", ")}.`);
  return (
    <li className="grid gap-x-5 gap-y-2 py-3 lg:grid-cols-[minmax(0,24rem)_minmax(0,1fr)] lg:items-center">
      <div className="flex min-w-0 items-start gap-3">
        <Picture person={person} speaker={speaker} />
        <div className="grid min-w-0 flex-1 gap-0.5">
          <div ref={actions} className="flex min-h-8 flex-wrap items-center gap-x-1">
            {mode === "naming" ? (
              <NameForm label={label} onDone={rename} onCancel={close} />
            ) : (
              <h3 dir="auto" className="mr-1 text-[15px]">
                {label}
              </h3>
            )}
            {mode === "shown" && edit && (
              <IconButton label={`Rename ${label}`} onClick={() => setMode("naming")}>
                <Pencil aria-hidden="true" />
              </IconButton>
            )}
            {mode === "shown" && edit && others.length > 0 && (
              <IconButton label={`Merge ${label} with another person`} onClick={() => setMode("merging")}>
                <Merge aria-hidden="true" />
              </IconButton>
            )}
            {others.length > 0 && mode === "shown" && (
              <Button
                size="small"
                className={chosen ? "border-text bg-track" : undefined}
                aria-pressed={chosen}
                aria-label={`Show only ${label}`}
                onClick={() => onChoose(!chosen)}
              >
                Show only
              </Button>
            )}
          </div>
          {mode === "merging" && <MergeForm person={person} others={others} onChoose={merge} onCancel={close} />}
          <Facts person={person} speech={person.seconds + others.reduce((sum, { seconds }) => sum + seconds, 0)} />
          {parts.length > 0 && (
            <p className="flex flex-wrap items-center gap-x-2 text-[13px] text-muted">
              Includes {parts.join(", ")}
              {edit && (
                <IconButton label={`Separate ${label}`} onClick={separate} className="-my-1.5">
                  <Split aria-hidden="true" />
                </IconButton>
              )}
            </p>
          )}
        </div>
      </div>
      <Course analysis={analysis} id={id} overlay={overlay} />
    </li>
  );
}

/** Frame of the video that shows the person, with the person's mark; the mark alone without a frame. */
function Picture({ person, speaker }: { person: Person; speaker: Speaker }) {
  return (
    <div className="relative shrink-0">
      {typeof person.thumbnail_time === "number" && (
        <canvas
          data-person={person.id}
          height={112}
          aria-hidden="true"
          className="hidden h-14 max-w-24 rounded-control object-cover data-drawn:block [&[data-drawn]+svg]:absolute [&[data-drawn]+svg]:-right-1.5 [&[data-drawn]+svg]:-bottom-1.5 [&[data-drawn]+svg]:size-6"
        />
      )}
      <Mark speaker={speaker} className="size-8" />
    </div>
  );
}

function Facts({ person: { seconds, summary }, speech }: { person: Person; speech: number }) {
  const sentiment = strongest(summary.sentiments);
  const emotions = summary.emotions.toSorted((a, b) => b.confidence - a.confidence).slice(0, 2);
  return (
    <>
      <p className="numbers text-[13px] text-muted">
        Speaks for {clock(seconds)}, {percent(speech > 0 ? seconds / speech : 0)} of the speech
      </p>
      <p className="numbers flex flex-wrap items-center gap-x-3 gap-y-0.5 text-[13px]">
        {emotions.map(({ label, confidence }) => (
          <span key={label} className="flex items-center gap-1.5">
            <Swatch kind="emotion" label={label} />
            {label} {percent(confidence)}
          </span>
        ))}
        {sentiment && (
          <span className="text-muted">
            Sentiment: {sentiment.label} {percent(sentiment.confidence)}
          </span>
        )}
        <ResultBadges unclear={summary.unclear} />
      </p>
    </>
  );
}

/** The person's emotions on the video's time axis. Hidden from screen readers: the transcript has the values. */
function Course({ analysis, id, overlay }: { analysis: Analysis; id: string; overlay: ReactNode }) {
  const theirs = analysis.utterances.filter(({ speaker }) => speaker === id);
  const size = { duration: analysis.video.duration_s, width: CHART_WIDTH };
  return (
    <div className="relative" aria-hidden="true" data-course={id}>
      <Stack kind="emotion" areas={bands(theirs, "emotions", EMOTION_STACK, size)} className="h-12 rounded-control" />
      {overlay}
    </div>
  );
}

const MAX_NAME = 80; // characters, as in the API

function NameForm({
  label,
  onDone,
  onCancel,
}: {
  label: string;
  onDone: (name: string) => void;
  onCancel: () => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <form
      className="flex flex-wrap items-center gap-1.5"
      onSubmit={(event) => {
        event.preventDefault();
        const name = new FormData(event.currentTarget).get("name");
        onDone(typeof name === "string" ? name : "");
      }}
    >
      <input
        name="name"
        aria-label={`Name of ${label}`}
        defaultValue={label}
        maxLength={MAX_NAME}
        autoComplete="off"
        dir="auto"
        ref={input}
        onKeyDown={(event) => event.key === "Escape" && onCancel()}
        className="h-8 w-44 rounded-control border border-outline bg-surface px-2 text-sm"
      />
      <Button type="submit" size="small">
        Save
      </Button>
      <Button size="small" variant="quiet" onClick={onCancel}>
        Cancel
      </Button>
    </form>
  );
}

function MergeForm({
  person,
  others,
  onChoose,
  onCancel,
}: {
  person: Person;
  others: readonly Person[];
  onChoose: (other: Person) => void;
  onCancel: () => void;
}) {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => group.current?.querySelector("button")?.focus(), []);
  return (
    <div
      ref={group}
      role="group"
      aria-label={`Merge ${person.label}`}
      className="flex flex-wrap items-center gap-1.5 py-1 text-[13px]"
    >
      Same person as
      {others.map((other) => (
        <Button key={other.id} size="small" onClick={() => onChoose(other)}>
          {other.label}
        </Button>
      ))}
      <Button size="small" variant="quiet" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}
