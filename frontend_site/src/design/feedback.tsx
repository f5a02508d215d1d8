import { CircleAlert, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "./button";
import { cx } from "./cx";

type Tone = "info" | "warning" | "problem";

const TONES: Record<Tone, { icon: LucideIcon; style: string }> = {
  info: { icon: Info, style: "border border-line bg-surface text-muted" },
  warning: { icon: TriangleAlert, style: "bg-warning-surface text-warning-text" },
  problem: { icon: CircleAlert, style: "bg-danger-surface text-danger" },
};

/** Short notice. Screen readers announce a problem immediately. */
export function Note({ tone = "info", children, className }: { tone?: Tone; children: ReactNode; className?: string }) {
  const { icon: Icon, style } = TONES[tone];
  return (
    <div
      role={tone === "problem" ? "alert" : undefined}
      className={cx("flex gap-2.5 rounded-control px-3.5 py-2.5 text-sm", style, className)}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
      <div className="min-w-0">{children}</div>
    </div>
  );
}

/** Error message with an optional retry button. */
export function Failure({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <Note tone="problem">
      <p>{message}</p>
      {onRetry && (
        <Button size="small" className="mt-2" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Note>
  );
}

/** Placeholder of an empty list: its purpose, and what to do. */
export function EmptyState({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-1 px-6 py-12 text-center">
      <Icon className="mb-2 size-7 text-muted" strokeWidth={1.5} aria-hidden="true" />
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-[44ch] text-sm text-muted">{children}</div>}
    </div>
  );
}

/** Skeleton shown while content loads. `label` is for screen readers. */
export function Loading({ label, lines = 3, className }: { label: string; lines?: number; className?: string }) {
  return (
    <div role="status" className={cx("grid gap-3", className)}>
      <span className="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="h-14 animate-pulse rounded-control bg-track" />
      ))}
    </div>
  );
}
