import { capitalised, percent } from "@/lib/format";

import { cx } from "./cx";

/** A share of a label; `kind` and `label` choose the colour. */
export interface Share {
  label: string;
  share: number; // 0 to 1
}

export type Kind = "emotion" | "sentiment" | "modality";

/** The colour of a label, as a small square. The name always stands beside it. */
export function Swatch({ kind, label, className }: { kind: Kind; label: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(`${kind}-${label}`, "inline-block size-2.5 shrink-0 rounded-[3px] bg-tone", className)}
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
            <rect className={cx(`${kind}-${label}`, "fill-tone")} width={percent(share)} height="100%" rx="4" />
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
  return (
    <svg className={cx("block w-full rounded-full bg-track", className ?? "h-2")} aria-hidden="true">
      {shares.map(({ label, share }, index) => (
        <rect
          key={label}
          className={cx(`${kind}-${label}`, "fill-tone stroke-surface")}
          x={`${((100 * (lefts[index] ?? 0)) / total).toFixed(2)}%`}
          width={`${((100 * share) / total).toFixed(2)}%`}
          height="100%"
        />
      ))}
    </svg>
  );
}
