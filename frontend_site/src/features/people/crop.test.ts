import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cropOf } from "./crop";

const SIZE = { width: 1000, height: 500 };

describe("the picture of a person", () => {
  it("is a square around the face", () => {
    const { x, y, width, height } = cropOf([0.4, 0.4, 0.5, 0.6], SIZE);
    expect([x, y, width, height].map(Math.round)).toEqual([360, 160, 180, 180]);
  });

  it("is the whole frame without a face", () => {
    expect(cropOf(null, SIZE)).toEqual({ x: 0, y: 0, ...SIZE });
  });

  it("lies inside the frame", () => {
    const box = fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: 0, max: 1, noNaN: true })));
    const side = fc.integer({ min: 1, max: 4000 });
    fc.assert(
      fc.property(box, side, side, (edges, width, height) => {
        const crop = cropOf(edges, { width, height });
        expect(Math.min(crop.x, crop.y)).toBeGreaterThanOrEqual(0);
        expect(crop.x + crop.width).toBeLessThanOrEqual(width + 1e-6);
        expect(crop.y + crop.height).toBeLessThanOrEqual(height + 1e-6);
      }),
    );
  });
});
