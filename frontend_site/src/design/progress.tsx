import { cx } from "./cx";

/** Progress bar for a share of 0 to 1, or indeterminate for null. */
export function Progress({ value, label, className }: { value: number | null; label: string; className?: string }) {
  const percentage = value === null ? undefined : Math.round(100 * Math.min(1, Math.max(0, value)));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percentage}
      className={className}
    >
      <svg className="block h-1.5 w-full rounded-full bg-track" aria-hidden="true">
        <rect
          className={cx("fill-accent", percentage === undefined && "animate-pulse")}
          width={`${percentage ?? 100}%`}
          height="100%"
          rx="3"
          opacity={percentage === undefined ? 0.4 : 1}
        />
      </svg>
    </div>
  );
}
