import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { WITHOUT_WORDS } from "@/features/demonstration/without-words";
import { SIX_EMOTIONS } from "@/features/demonstration/six-emotions";

import { curveBands, curveModalities, peak, scoresAt, type Curves } from "./curves";
import { faceAndWordsDiffer, hasResult, MAX_MOMENTS, strongestMoments } from "./moments";
import { strongest } from "./timeline";
import type { Analysis, Utterance } from "./types";

const LABELS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"] as const;
const joyOf = (joy: number) => LABELS.map((label) => (label === "joy" ? joy : (1 - joy) / 6));

function curvesOf(face: (number[] | null)[]): Curves {
  return { step_s: 0.5, emotions: [...LABELS], window_s: { face: 1 }, modalities: { face } };
}

describe("values at a time", () => {
  const curves = curvesOf([joyOf(0.2), null, joyOf(0.9), joyOf(0.4)]);

  it("are those of the step", () => {
    expect(strongest(scoresAt(curves, "face", 1.2) ?? [])).toEqual({ label: "joy", confidence: 0.9 });
    expect(scoresAt(curves, "face", 0.7)).toBeUndefined();
    expect(scoresAt(curves, "face", 99)).toBeUndefined();
    expect(scoresAt(curves, "audio", 1.2)).toBeUndefined();
    expect(scoresAt(null, "face", 1.2)).toBeUndefined();
  });

  it("peak where the emotion is strongest, within the span", () => {
    expect(peak(curves, "face", "joy", [0, 2])).toEqual({ time: 1.25, confidence: 0.9 });
    expect(peak(curves, "face", "joy", [0, 1])).toEqual({ time: 0.25, confidence: 0.2 });
    expect(peak(curves, "face", "joy", [0.5, 1])).toBeUndefined();
  });
});

describe("bands", () => {
  const size = { duration: 2, width: 100 };

  it("are interrupted where there is no evidence, and cover single steps", () => {
    const joy = curveBands(curvesOf([joyOf(0.2), null, joyOf(0.9), joyOf(0.4)]), "face", size)[0];
    expect(joy?.label).toBe("joy");
    const xs = [...(joy?.path ?? "").matchAll(/[ML](-?[\d.]+),/g)].map(([, x]) => Number(x));
    expect(joy?.path.match(/M/g)).toHaveLength(2);
    expect(xs).toEqual([0, 12.5, 25, 25, 12.5, 0, 50, 62.5, 87.5, 100, 100, 87.5, 62.5, 50]);
  });

  it("stay inside the chart, whatever the rounding", () => {
    const step = fc.option(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        for (const { path } of curveBands(curvesOf(steps), "face", size)) {
          for (const [, x, y] of path.matchAll(/[ML](-?[\d.e-]+),(-?[\d.e-]+)/g)) {
            expect(Number(x)).toBeGreaterThanOrEqual(0);
            expect(Number(x)).toBeLessThanOrEqual(100);
            expect(Number(y)).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});

describe("moments of the demonstrations", () => {
  it("show the tears and the laughter of the face without words", () => {
    const moments = strongestMoments(WITHOUT_WORDS.analysis);
    expect(moments.map(({ emotion }) => emotion)).toContain("joy");
    expect(moments.every(({ reason }) => reason.startsWith("Face alone"))).toBe(true);
    expect(WITHOUT_WORDS.analysis.utterances.some((one) => hasResult(WITHOUT_WORDS.analysis, one))).toBe(false);
  });

  it("are at most five, in order of time, within their utterances, never neutral", () => {
    const { utterances } = SIX_EMOTIONS.analysis;
    const moments = strongestMoments(SIX_EMOTIONS.analysis);
    expect(moments.length).toBeGreaterThan(0);
    expect(moments.length).toBeLessThanOrEqual(MAX_MOMENTS);
    expect(moments.map(({ time }) => time)).toEqual(moments.map(({ time }) => time).toSorted((a, b) => a - b));
    for (const { time, emotion, reason } of moments) {
      expect(emotion).not.toBe("neutral");
      expect(reason).not.toBe("");
      expect(utterances.some((one) => one.start_time <= time && time <= one.end_time)).toBe(true);
    }
  });

  it("need curves only where nobody speaks", () => {
    const older = { ...WITHOUT_WORDS.analysis, curves: null } as Analysis;
    expect(curveModalities(older.curves)).toEqual([]);
    expect(older.utterances.every((one) => hasResult(older, one))).toBe(true);
    expect(strongestMoments(older).length).toBeGreaterThan(0);
  });
});

describe("face and words", () => {
  const modalities = (face: [string, number], text: [string, number]) => {
    const part = ([label, confidence]: [string, number]) => ({ weight: 0.5, emotions: [{ label, confidence }] });
    return { modalities: { face: part(face), text: part(text) } } as unknown as Utterance;
  };

  it.each([
    [["joy", 0.9], ["neutral", 0.6], "face joy, words neutral"],
    [["sadness", 0.7], ["joy", 0.8], "face sadness, words joy"],
    [["sadness", 0.7], ["anger", 0.8], undefined], // both unpleasant
    [["joy", 0.4], ["neutral", 0.9], undefined], // the face is not clear
    [["surprise", 0.9], ["neutral", 0.9], undefined],
  ] as [[string, number], [string, number], string | undefined][])("%j and %j: %s", (face, text, expected) =>
    expect(faceAndWordsDiffer(modalities(face, text))).toBe(expected),
  );

  it("do not differ where one is missing", () => expect(faceAndWordsDiffer({ modalities: {} })).toBeUndefined());
});
