import { capitalize, percent } from "@/lib/format";

import { cx } from "./cx";

/** Share of a label in a distribution. */
export interface Share {
  label: string;
  share: number; // 0 to 1
}

export type Kind = "emotion" | "sentiment" | "modality";

/** Neutral is subdued (pale, and thin in bars), so that the other emotions stand out. */
export const isSubdued = (label: string) => label === "neutral";
const FULL = { height: "100%", rx: 4 };
const THIN = { y: "30%", height: "40%", rx: 2 };

/** Small square in the color of a label. Show the label's name beside it: no color stands alone. */
export function Swatch({ kind, label, className }: { kind: Kind; label: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        `${kind}-${label}`,
        "inline-block size-2.5 shrink-0 rounded-[3px] forced-color-adjust-none",
        isSubdued(label) ? "bg-tone/45 ring-1 ring-tone ring-inset" : "bg-tone",
        className,
      )}
    />
  );
}

/** One row per label with its bar and percentage; the strongest is emphasized. */
export function Bars({ kind, shares }: { kind: Kind; shares: readonly Share[] }) {
  const highest = Math.max(...shares.map(({ share }) => share));
  return (
    <ul className="grid content-start gap-1.5 text-[13px]">
      {shares.map(({ label, share }) => (
        <li
          key={label}
          className={cx(
            "grid grid-cols-[4.6rem_minmax(0,1fr)_2.4rem] items-center gap-2",
            share < highest && "text-muted",
          )}
        >
          <span className={cx(share === highest && "font-semibold")}>{capitalize(label)}</span>
          <svg className="h-2 w-full rounded-full bg-track" aria-hidden="true">
            <rect
              className={cx(`${kind}-${label}`, isSubdued(label) ? "fill-tone/70" : "fill-tone")}
              width={percent(share)}
              {...(isSubdued(label) ? THIN : FULL)}
            />
          </svg>
          <span className={cx("numbers text-right", share === highest && "font-semibold")}>{percent(share)}</span>
        </li>
      ))}
    </ul>
  );
}

/** All labels stacked in one bar. Hidden from screen readers: show the numbers as text beside it. */
export function StackBar({ kind, shares, className }: { kind: Kind; shares: readonly Share[]; className?: string }) {
  const total = shares.reduce((sum, { share }) => sum + share, 0) || 1;
  const offsets = shares.map((_, index) => shares.slice(0, index).reduce((sum, { share }) => sum + share, 0));
  const placed = shares.map(({ label, share }, index) => ({ label, share, offset: offsets[index] ?? 0 }));
  return (
    <svg className={cx("block w-full rounded-full bg-track", className ?? "h-2")} aria-hidden="true">
      {subduedFirst(placed).map(({ label, share, offset }) => (
        <rect
          key={label}
          className={cx(`${kind}-${label}`, isSubdued(label) ? "fill-tone/70" : "fill-tone stroke-surface")}
          x={`${((100 * offset) / total).toFixed(2)}%`}
          width={`${((100 * share) / total).toFixed(2)}%`}
          {...(isSubdued(label) ? THIN : { height: "100%" })}
        />
      ))}
    </svg>
  );
}

/** Sort parts into drawing order: subdued ones behind the others. */
export function subduedFirst<T extends { label: string }>(parts: readonly T[]): T[] {
  return parts.toSorted((a, b) => Number(isSubdued(b.label)) - Number(isSubdued(a.label)));
}
