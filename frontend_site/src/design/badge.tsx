import type { ReactNode } from "react";

/** Short label beside a name or a result. */
export function Badge({ children }: { children: ReactNode }) {
  return (
    <span className="shrink-0 rounded-full border border-dashed border-muted px-2 text-xs leading-5 text-muted">
      {children}
    </span>
  );
}
