/** Part of a picture, in pixels. */
export interface Crop {
  x: number;
  y: number;
  width: number;
  height: number;
}

const MARGIN = 1.8; // side of the square over the longer side of the face

/**
 * Return the square around a face, inside the picture. `box`: the face's left, top, right and bottom as shares of the
 * picture's size; without one, the whole picture is returned.
 */
export function cropOf(box: readonly number[] | null | undefined, size: { width: number; height: number }): Crop {
  const [left, top, right, bottom] = box ?? [];
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) {
    return { x: 0, y: 0, ...size };
  }
  const face = Math.max((right - left) * size.width, (bottom - top) * size.height);
  const side = Math.max(1, Math.min(MARGIN * face, size.width, size.height));
  const start = (center: number, length: number) => Math.min(length - side, Math.max(0, center * length - side / 2));
  return {
    x: start((left + right) / 2, size.width),
    y: start((top + bottom) / 2, size.height),
    width: side,
    height: side,
  };
}
