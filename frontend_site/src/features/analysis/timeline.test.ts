import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { EMOTION_STACK } from "@/design/palette";

import {
  bands,
  indexAt,
  indexNear,
  nextStart,
  previousStart,
  strongest,
  ticks,
  type TimedScores,
  type Score,
} from "./timeline";

function utterance(start_time: number, end_time: number, joy = 0.5): TimedScores {
  return {
    start_time,
    end_time,
    emotions: EMOTION_STACK.map((label) => ({ label, confidence: label === "joy" ? joy : (1 - joy) / 6 })),
    sentiments: [],
  };
}

const TALK = [utterance(1, 3), utterance(3, 5), utterance(8, 10)];

describe("finding utterances by time", () => {
  it.each([
    [0.5, -1],
    [1, 0],
    [0.99, 0], // players seek with small deviations
    [3, 1], // the later one where two meet
    [6, -1],
    [10.01, 2],
    [11, -1],
  ])("at %d s: %d", (time, index) => expect(indexAt(TALK, time)).toBe(index));

  it("indexNear always finds one if there is any", () => {
    expect([0, 2, 6, 11].map((time) => indexNear(TALK, time))).toEqual([0, 0, 1, 2]);
    expect(indexNear([], 3)).toBe(-1);
  });

  it("next and previous visit every start", () => {
    const forwards = [0, 0, 0].reduce<number[]>((times) => [...times, nextStart(TALK, times.at(-1) ?? 0, 12)], [0]);
    expect(forwards).toEqual([0, 1, 3, 8]);
    expect(nextStart(TALK, 8, 12)).toBe(12);
    expect([12, 8, 3, 1].map((time) => previousStart(TALK, time))).toEqual([8, 3, 1, 0]);
  });

  it("agrees with a linear search", () => {
    const talks = fc
      .array(fc.tuple(fc.nat(50), fc.nat(20)), { maxLength: 20 })
      .map((parts) =>
        parts.map(([start, length]) => utterance(start, start + length)).sort((a, b) => a.start_time - b.start_time),
      );
    fc.assert(
      fc.property(talks, fc.nat(80), (talk, time) => {
        const found = talk[indexAt(talk, time)];
        const any = talk.some((one) => one.start_time <= time && time <= one.end_time);
        expect(found !== undefined).toBe(any);
        if (found) expect(found.start_time <= time && time <= found.end_time).toBe(true);
      }),
    );
  });
});

describe("ticks", () => {
  it("are whole seconds from zero within the duration, at most eight", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 200_000, noNaN: true }), (duration) => {
        const all = ticks(duration);
        expect(all.length).toBeLessThanOrEqual(8);
        expect(all[0]).toBe(0);
        expect(all.at(-1)).toBeLessThanOrEqual(duration);
        expect(all.every((tick) => Number.isInteger(tick))).toBe(true);
      }),
    );
    expect(ticks(19.7)).toEqual([0, 5, 10, 15]);
  });
});

describe("bands", () => {
  const size = { duration: 10, width: 1000 };
  const corners = (path: string) =>
    [...path.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);

  it("cover their utterances and leave gaps", () => {
    const joy = bands(TALK, "emotions", EMOTION_STACK, size)[0];
    expect(joy?.label).toBe("joy");
    expect(joy?.path.match(/M/g)).toHaveLength(3); // three closed pieces
    expect(corners(joy?.path ?? "").map(([x]) => x)).toEqual([
      100, 300, 300, 100, 300, 500, 500, 300, 800, 1000, 1000, 800,
    ]);
  });

  it("have the height of the confidences and add up to 1", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        const all = bands([utterance(0, 10, share)], "emotions", EMOTION_STACK, size);
        const heights = all.map(({ path }) => {
          const ys = corners(path).map(([, y]) => y);
          return Math.max(...ys) - Math.min(...ys);
        });
        expect(heights[0]).toBeCloseTo(share, 2);
        expect(heights.reduce((a, b) => a + b)).toBeCloseTo(1, 2);
      }),
    );
  });

  it("are empty without utterances", () => {
    expect(bands([], "emotions", EMOTION_STACK, size).every(({ path }) => path === "")).toBe(true);
  });
});

it("finds the strongest score in an unsorted list", () => {
  expect(strongest<Score>([])).toBeUndefined();
  expect(
    strongest([
      { label: "a", confidence: 0.1 },
      { label: "b", confidence: 0.7 },
      { label: "c", confidence: 0.2 },
    ])?.label,
  ).toBe("b");
});
