"use client";

import { Card } from "@/design/card";
import { Axis } from "@/features/analysis/chart";
import type { Playback } from "@/features/analysis/playback";
import { PlayheadOverlay } from "@/features/analysis/timeline-card";
import type { Analysis } from "@/features/analysis/types";

import type { EditPeople } from "./api";
import { indexOf, partsOf, type PeopleEdits, type Person } from "./edits";
import { useFrames } from "./frames";
import { PersonRow } from "./row";

interface Props {
  id: string;
  found: readonly Person[]; // as the engine told them apart
  edits: PeopleEdits;
  analysis: Analysis; // with the edits
  playback: Playback;
  chosen: string | null;
  onChoose: (id: string | null) => void;
  edit?: EditPeople;
}

/** People who speak: one row each, with actions to filter, rename and merge. */
export function PeopleCard({ id, found, edits, analysis, playback, chosen, onChoose, edit }: Props) {
  const people = analysis.people ?? [];
  const frames = people.flatMap(({ id, thumbnail_time: time, thumbnail_box: box }) =>
    typeof time === "number" ? [[id, { time, box }] as const] : [],
  );
  const list = useFrames(id, new Map(frames));
  return (
    <Card title="People" aside={<p className="text-[13px] text-muted">told apart by voice, in this video only</p>}>
      <ul ref={list} aria-label="People" className="-my-3 divide-y divide-line">
        {people.map((person) => (
          <PersonRow
            key={person.id}
            person={person}
            speaker={{ name: person.label, index: indexOf(found, person.id) }}
            parts={partsOf(found, edits, person.id)}
            others={people.filter((other) => other.id !== person.id)}
            analysis={analysis}
            chosen={chosen === person.id}
            onChoose={(on) => onChoose(on ? person.id : null)}
            edit={edit}
            overlay={<PlayheadOverlay playback={playback} />}
          />
        ))}
      </ul>
      <div className="mt-3 hidden lg:block lg:pl-[25.25rem]">
        <Axis duration={analysis.video.duration_s} />
      </div>
    </Card>
  );
}
