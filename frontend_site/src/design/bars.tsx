import { capitalised, percent } from "@/lib/format";

import { cx } from "./cx";

/** A share of a label; `kind` and `label` choose the color. */
export interface Share {
  label: string;
  share: number; // 0 to 1
}

export type Kind = "emotion" | "sentiment" | "modality";

/** Neutral is drawn back, pale and in bars thin as well, so that what moves is seen. */
export const isDrawnBack = (label: string) => label === "neutral";
const FULL = { height: "100%", rx: 4 };
const THIN = { y: "30%", height: "40%", rx: 2 };

/** The color of a label, as a small square. The name always stands beside it. */
export function Swatch({ kind, label, className }: { kind: Kind; label: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        `${kind}-${label}`,
        "inline-block size-2.5 shrink-0 rounded-[3px]",
        isDrawnBack(label) ? "bg-tone/45 ring-1 ring-tone ring-inset" : "bg-tone",
        className,
      )}
    />
  );
}

/** A row per label with its bar and percentage; the strongest stands out. */
export function Bars({ kind, shares }: { kind: Kind; shares: readonly Share[] }) {
  const most = Math.max(...shares.map(({ share }) => share));
  return (
    <ul className="grid content-start gap-1.5 text-[13px]">
      {shares.map(({ label, share }) => (
        <li
          key={label}
          className={cx(
            "grid grid-cols-[4.6rem_minmax(0,1fr)_2.4rem] items-center gap-2",
            share < most && "text-muted",
          )}
        >
          <span className={cx(share === most && "font-semibold")}>{capitalised(label)}</span>
          <svg className="h-2 w-full rounded-full bg-track" aria-hidden="true">
            <rect
              className={cx(`${kind}-${label}`, isDrawnBack(label) ? "fill-tone/70" : "fill-tone")}
              width={percent(share)}
              {...(isDrawnBack(label) ? THIN : FULL)}
            />
          </svg>
          <span className={cx("numbers text-right", share === most && "font-semibold")}>{percent(share)}</span>
        </li>
      ))}
    </ul>
  );
}

/** All labels in one bar. For eyes alone: the numbers stand beside it in words. */
export function StackBar({ kind, shares, className }: { kind: Kind; shares: readonly Share[]; className?: string }) {
  const total = shares.reduce((sum, { share }) => sum + share, 0) || 1;
  const lefts = shares.map((_, index) => shares.slice(0, index).reduce((sum, { share }) => sum + share, 0));
  const placed = shares.map(({ label, share }, index) => ({ label, share, left: lefts[index] ?? 0 }));
  return (
    <svg className={cx("block w-full rounded-full bg-track", className ?? "h-2")} aria-hidden="true">
      {backFirst(placed).map(({ label, share, left }) => (
        <rect
          key={label}
          className={cx(`${kind}-${label}`, isDrawnBack(label) ? "fill-tone/70" : "fill-tone stroke-surface")}
          x={`${((100 * left) / total).toFixed(2)}%`}
          width={`${((100 * share) / total).toFixed(2)}%`}
          {...(isDrawnBack(label) ? THIN : { height: "100%" })}
        />
      ))}
    </svg>
  );
}

/** Sort parts into the order of drawing: what is drawn back lies behind the others. */
export function backFirst<T extends { label: string }>(parts: readonly T[]): T[] {
  return parts.toSorted((a, b) => Number(isDrawnBack(b.label)) - Number(isDrawnBack(a.label)));
}
