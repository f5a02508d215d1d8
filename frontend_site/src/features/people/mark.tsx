import { cx } from "@/design/cx";
import { PERSON_COLOR_COUNT } from "@/design/palette";

import { initialsOf } from "./initials";
import type { Speaker } from "./edits";

/** Outlines in a view box of 24; their number has no factor in common with that of the colors. */
const SHAPES = [
  "M12 0a12 12 0 1 1 0 24a12 12 0 1 1 0-24z", // circle
  "M4 1h16a3 3 0 0 1 3 3v16a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3V4a3 3 0 0 1 3-3z", // square
  "M12 0l11 6v12l-11 6l-11-6V6z", // hexagon
  "M12 0l12 9v15H0V9z", // house
  "M0 0h24v14l-12 10l-12-10z", // shield
];

/** Initials of a person in a shape of the person's own. Show the name beside it: no color stands alone. */
export function Mark({ speaker: { name, index }, className }: { speaker: Speaker; className?: string }) {
  const initials = initialsOf(name);
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      className={cx(`person-${index % PERSON_COLOR_COUNT}`, "shrink-0", className ?? "size-5")}
    >
      <path d={SHAPES[index % SHAPES.length]} className="fill-tone" />
      <text
        x="12"
        y="16.2"
        textAnchor="middle"
        className={cx("fill-surface font-semibold", initials.length > 1 ? "text-[10px]" : "text-[12px]")}
      >
        {initials}
      </text>
    </svg>
  );
}

/** Mark and name of a speaker. */
export function SpeakerName({ speaker, className }: { speaker: Speaker; className?: string }) {
  return (
    <span className={cx("flex min-w-0 items-center gap-1.5", className)}>
      <Mark speaker={speaker} className="size-4" />
      <span dir="auto" data-testid="speaker">
        {speaker.name}
      </span>
    </span>
  );
}
