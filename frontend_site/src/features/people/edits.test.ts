import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Schemas } from "@/api/client";

import {
  merged,
  NO_EDITS,
  onlyOf,
  partsOf,
  renamed,
  reverted,
  separated,
  speakersOf,
  withEdits,
  type PeopleEdits,
  type Person,
} from "./edits";
import { initialsOf } from "./initials";

function person(number: number, seconds: number, joy: number): Person {
  return {
    id: `S${number}`,
    label: `Speaker ${number}`,
    seconds,
    summary: {
      emotions: [
        { label: "joy", confidence: joy },
        { label: "neutral", confidence: 1 - joy },
      ],
      sentiments: [{ label: "positive", confidence: joy }],
      unclear: joy < 0.3,
    },
    thumbnail_time: number === 2 ? 7 : null,
  };
}

const PEOPLE = [person(1, 10, 0.8), person(2, 30, 0.4), person(3, 5, 0.1)];
const [FIRST, SECOND] = PEOPLE as [Person, Person];
const SPOKEN = ["S1", "S2", null, "S3", "S2"];
const ANALYSIS = {
  people: PEOPLE,
  utterances: SPOKEN.map((speaker, index) => ({ speaker, start_time: index, end_time: index + 1, text: "" })),
  overall: { emotions: [], sentiments: [] },
} as unknown as Schemas["Analysis"];

const labels = (edits: PeopleEdits) => withEdits(ANALYSIS, edits).people?.map(({ label }) => label);
const speakers = (edits: PeopleEdits) => withEdits(ANALYSIS, edits).utterances.map(({ speaker }) => speaker);

describe("names", () => {
  it("replace labels, without the spaces around them", () => {
    expect(labels(renamed(NO_EDITS, FIRST, "  Ada   Lovelace "))).toEqual(["Ada Lovelace", "Speaker 2", "Speaker 3"]);
  });

  it.each(["", "  ", "Speaker 1"])("are removed by %j", (name) => {
    expect(renamed(renamed(NO_EDITS, FIRST, "Ada"), FIRST, name)).toEqual(NO_EDITS);
  });
});

describe("a merge", () => {
  it("joins utterances, seconds and averages, and takes any thumbnail", () => {
    const edits = merged(NO_EDITS, "S2", "S1");
    expect(speakers(edits)).toEqual(["S1", "S1", null, "S3", "S1"]);
    const [both] = withEdits(ANALYSIS, edits).people ?? [];
    expect(both).toMatchObject({ id: "S1", label: "Speaker 1", seconds: 40, thumbnail_time: 7 });
    expect(both?.summary.emotions.map(({ label, confidence }) => [label, confidence.toFixed(3)])).toEqual([
      ["joy", "0.500"],
      ["neutral", "0.500"],
    ]);
    expect(partsOf(PEOPLE, edits, "S1")).toEqual(["Speaker 2"]);
  });

  it("keeps the one who has a name", () => {
    const edits = merged(renamed(NO_EDITS, SECOND, "Ada"), "S2", "S1");
    expect(edits.merged).toEqual({ S1: "S2" });
    expect(labels(edits)).toEqual(["Ada", "Speaker 3"]);
  });

  it("of merged people leaves one", () => {
    const edits = merged(merged(NO_EDITS, "S2", "S1"), "S1", "S3");
    expect(edits.merged).toEqual({ S1: "S3", S2: "S3" });
    expect(speakers(edits)).toEqual(["S3", "S3", null, "S3", "S3"]);
    expect(speakers(separated(edits, "S3"))).toEqual(SPOKEN);
  });

  it("is marked unclear if one part is", () => {
    expect(withEdits(ANALYSIS, merged(NO_EDITS, "S3", "S1")).people?.[0]?.summary.unclear).toBe(true);
    expect(withEdits(ANALYSIS, merged(NO_EDITS, "S2", "S1")).people?.[0]?.summary.unclear).toBe(false);
  });
});

describe("undo", () => {
  it("takes back one change and keeps later ones", () => {
    const before = merged(NO_EDITS, "S2", "S1");
    const after = renamed(before, FIRST, "Ada");
    const later = separated(after, "S1");
    expect(reverted(later, before, after)).toEqual(NO_EDITS);
    expect(reverted(later, NO_EDITS, before)).toEqual({ names: { S1: "Ada" }, merged: {} });
  });

  it("of any change gives back what was before", () => {
    const ids = fc.constantFrom("S1", "S2", "S3");
    const change = fc.oneof(
      fc.tuple(ids, ids).map(
        ([id, into]) =>
          (edits: PeopleEdits) =>
            id === into ? edits : merged(edits, id, into),
      ),
      fc.tuple(ids, fc.string()).map(
        ([id, name]) =>
          (edits: PeopleEdits) =>
            renamed(edits, { ...FIRST, id }, name),
      ),
      ids.map((id) => (edits: PeopleEdits) => separated(edits, id)),
    );
    fc.assert(
      fc.property(fc.array(change), change, (earlier, last) => {
        const before = earlier.reduce((edits, step) => step(edits), NO_EDITS);
        const after = last(before);
        expect(reverted(after, before, after)).toEqual(before);
        expect(Object.values(after.merged).every((into) => !(into in after.merged))).toBe(true);
        expect(speakers(after).map((speaker) => speaker === null)).toEqual(SPOKEN.map((speaker) => speaker === null));
      }),
    );
  });
});

describe("stored edits of any content", () => {
  it.each<Record<string, string>>([{ S1: "S9" }, { S9: "S1" }, { S1: "S1" }])("%j changes nothing", (entries) => {
    expect(speakers({ names: { S9: "Eve" }, merged: entries })).toEqual(SPOKEN);
  });

  it("in a circle still leave every utterance with a person", () => {
    const edited = withEdits(ANALYSIS, { names: {}, merged: { S1: "S2", S2: "S1" } });
    const ids = edited.people?.map(({ id }) => id) ?? [];
    expect(edited.utterances.every(({ speaker }) => !speaker || ids.includes(speaker))).toBe(true);
  });
});

it("one person is filtered with the person's own summary", () => {
  const only = onlyOf(ANALYSIS, SECOND);
  expect(only.utterances.map(({ start_time }) => start_time)).toEqual([1, 4]);
  expect(only.overall).toBe(SECOND.summary);
});

it("speakers are shown only where several people speak, with positions that merges do not move", () => {
  const edited = withEdits(ANALYSIS, merged(NO_EDITS, "S1", "S2")).people ?? [];
  expect([...speakersOf(PEOPLE, edited)]).toEqual([
    ["S2", { name: "Speaker 2", index: 1 }],
    ["S3", { name: "Speaker 3", index: 2 }],
  ]);
  expect(speakersOf(PEOPLE, edited.slice(0, 1)).size).toBe(0);
});

it("results without people are unchanged", () => {
  const older = { ...ANALYSIS, people: undefined };
  expect(withEdits(older, renamed(NO_EDITS, FIRST, "Ada"))).toBe(older);
});

it.each([
  ["Speaker 1", "1"],
  ["Speaker 12", "12"],
  ["ada", "A"],
  ["Ada King, Countess of Lovelace", "AL"],
  ["김민수", "김"],
  ["(guest)", "G"],
  ["!!", "?"],
])("initials of %j are %j", (name, initials) => expect(initialsOf(name)).toBe(initials));
