import { cx } from "./cx";

/** A bar for a share of 0 to 1; null for work whose end is not known yet. */
export function Progress({ value, label, className }: { value: number | null; label: string; className?: string }) {
  const part = value === null ? undefined : Math.round(100 * Math.min(1, Math.max(0, value)));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={part}
      className={className}
    >
      <svg className="block h-1.5 w-full rounded-full bg-track" aria-hidden="true">
        <rect
          className={cx("fill-accent", part === undefined && "animate-pulse")}
          width={`${part ?? 100}%`}
          height="100%"
          rx="3"
          opacity={part === undefined ? 0.4 : 1}
        />
      </svg>
    </div>
  );
}
