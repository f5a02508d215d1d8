import { useId, type ReactNode } from "react";

import { cx } from "./cx";

interface CardProps {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** Titled box; `aside` is placed to the right of the title. */
export function Card({ title, aside, children, className }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx("card min-w-0 p-4 sm:p-5", className)}>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id={id} className="text-[15px]">
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
