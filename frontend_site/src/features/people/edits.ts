/** Edits of the people of a result: names, and voices of the same person. Pure functions. */

import type { Schemas } from "@/api/client";

type Analysis = Schemas["Analysis"];
export type Person = Schemas["Person"];
type Summary = Person["summary"];

/** Names by person id, and for each merged id the one that it belongs to. */
export interface PeopleEdits {
  names: Readonly<Record<string, string>>;
  merged: Readonly<Record<string, string>>;
}

export const NO_EDITS: PeopleEdits = { names: {}, merged: {} };

/** Return the edits of an analysis. */
export function editsOf({ peopleEdits }: Pick<Schemas["AnalysisDetail"], "peopleEdits">): PeopleEdits {
  return { ...NO_EDITS, ...peopleEdits };
}

/** Name of a person, and the position that decides color and shape; neither changes when others are merged. */
export interface Speaker {
  name: string;
  index: number;
}

/** People by id. */
export type Speakers = ReadonlyMap<string, Speaker>;

/** Return the result with names and merged people, as the page and its exports show it. */
export function withEdits(analysis: Analysis, edits: PeopleEdits): Analysis {
  const found = analysis.people ?? [];
  if (found.length === 0) return analysis;
  const owner = ownerOf(found, edits);
  const people = found.flatMap((person) => {
    if (owner(person.id) !== person.id) return [];
    return [
      combined(
        person,
        found.filter(({ id }) => owner(id) === person.id),
        edits,
      ),
    ];
  });
  const utterances = analysis.utterances.map((utterance) =>
    utterance.speaker ? { ...utterance, speaker: owner(utterance.speaker) } : utterance,
  );
  return { ...analysis, people, utterances };
}

/** Return the people who are merged into one, by their own labels. */
export function partsOf(people: readonly Person[], edits: PeopleEdits, id: string): string[] {
  const owner = ownerOf(people, edits);
  return people.flatMap((person) => (person.id !== id && owner(person.id) === id ? [nameOf(person, edits)] : []));
}

/** Return names and positions of people; empty unless several speak, as one name on every utterance is noise. */
export function speakersOf(found: readonly Person[], edited: readonly Person[]): Speakers {
  if (edited.length < 2) return new Map();
  return new Map(edited.map(({ id, label }) => [id, { name: label, index: indexOf(found, id) }]));
}

export function indexOf(found: readonly Person[], id: string): number {
  return found.findIndex((person) => person.id === id);
}

/** Return the result of one person: the person's utterances, with their average as the overall result. */
export function onlyOf(analysis: Analysis, person: Person): Analysis {
  const utterances = analysis.utterances.filter(({ speaker }) => speaker === person.id);
  return { ...analysis, utterances, overall: person.summary, curves: null }; // the curves are of everyone
}

/** Give a person a name; an empty one removes it. */
export function renamed(edits: PeopleEdits, { id, label }: Person, name: string): PeopleEdits {
  const { [id]: _, ...others } = edits.names;
  const given = name.trim().replace(/\s+/g, " ");
  return { ...edits, names: given === "" || given === label ? others : { ...others, [id]: given } };
}

/** Merge two people. The one with a name remains; if both or neither have one, `into` does. */
export function merged(edits: PeopleEdits, id: string, into: string): PeopleEdits {
  const named = (person: string) => edits.names[person] !== undefined;
  const [gone, kept] = named(id) && !named(into) ? [into, id] : [id, into];
  return { ...edits, merged: flat({ ...edits.merged, [gone]: kept }) };
}

/** Undo every merge into a person. */
export function separated(edits: PeopleEdits, id: string): PeopleEdits {
  return { ...edits, merged: Object.fromEntries(Object.entries(edits.merged).filter(([, into]) => into !== id)) };
}

/** Take one change back, from `before` to `after`, and keep the changes made since. */
export function reverted(current: PeopleEdits, before: PeopleEdits, after: PeopleEdits): PeopleEdits {
  return {
    names: restored(current.names, before.names, after.names),
    merged: flat(restored(current.merged, before.merged, after.merged)),
  };
}

type Entries = Readonly<Record<string, string>>;

function restored(current: Entries, before: Entries, after: Entries): Entries {
  const result = new Map(Object.entries(current));
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, changed] = [before[key], after[key]];
    if (old === changed) continue;
    if (old === undefined) result.delete(key);
    else result.set(key, old);
  }
  return Object.fromEntries(result);
}

/** Point every merged person to the one who remains; entries that end nowhere are dropped. */
function flat(entries: Entries): Entries {
  const all = Object.keys(entries).map((id) => [id, lastOf(entries, id)] as const);
  return Object.fromEntries(all.filter(([id, into]) => id !== into));
}

function lastOf(entries: Entries, id: string): string {
  const seen = new Set<string>();
  let last = id;
  while (!seen.has(last)) {
    seen.add(last);
    last = entries[last] ?? last;
  }
  return last;
}

/** Return a function from a person's id to the id of the one who remains. Ignores ids that the result lacks. */
function ownerOf(people: readonly Person[], { merged }: PeopleEdits): (id: string) => string {
  const known = new Set(people.map(({ id }) => id));
  const entries = flat(Object.fromEntries(Object.entries(merged).filter((pair) => pair.every((id) => known.has(id)))));
  return (id) => entries[id] ?? id;
}

function nameOf({ id, label }: Person, { names }: PeopleEdits): string {
  return names[id] ?? label;
}

function combined(person: Person, parts: readonly Person[], edits: PeopleEdits): Person {
  const label = nameOf(person, edits);
  if (parts.length === 1) return { ...person, label };
  return {
    ...person,
    label,
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    summary: averageOf(parts),
    ...pictureOf([person, ...parts]),
  };
}

/** Return the first picture that shows one of these people. */
function pictureOf(parts: readonly Person[]): Pick<Person, "thumbnail_time" | "thumbnail_box"> {
  const shown = parts.find(({ thumbnail_time }) => typeof thumbnail_time === "number");
  return { thumbnail_time: shown?.thumbnail_time, thumbnail_box: shown?.thumbnail_box };
}

/**
 * Average the summaries, weighted by duration, which gives the average of all utterances. Contributions cannot be
 * averaged: those of each person compare different emotions.
 */
function averageOf(parts: readonly Person[]): Summary {
  return {
    emotions: averageScores(parts, ({ emotions }) => emotions),
    sentiments: averageScores(parts, ({ sentiments }) => sentiments),
    unclear: parts.some(({ summary }) => summary.unclear),
  };
}

function averageScores<S extends { label: string; confidence: number }>(
  parts: readonly Person[],
  scores: (summary: Summary) => readonly S[],
): S[] {
  const total = parts.reduce((sum, { seconds }) => sum + seconds, 0) || 1;
  const [first] = parts;
  if (!first) return [];
  const confidence = (label: string) =>
    parts.reduce((sum, { seconds, summary }) => {
      const score = scores(summary).find((found) => found.label === label);
      return sum + (seconds / total) * (score?.confidence ?? 0);
    }, 0);
  return scores(first.summary)
    .map((score) => ({ ...score, confidence: confidence(score.label) }))
    .sort((a, b) => b.confidence - a.confidence);
}
