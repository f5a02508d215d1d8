import { useId, type ComponentProps, type ReactNode } from "react";

import { cx } from "./cx";

type FieldProps = ComponentProps<"input"> & {
  label: string;
  hint?: ReactNode;
  problem?: string | null;
  action?: ReactNode; // at the end of the label's line
};

/** Input with its label, a hint and an error message. */
export function Field({ label, hint, problem, action, className, ...rest }: FieldProps) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div className={cx("relative grid gap-1.5", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        {...rest}
        id={id}
        aria-invalid={problem ? true : undefined}
        aria-describedby={describedBy || undefined}
        className={cx(
          "h-10 w-full rounded-control border bg-surface px-3 text-sm placeholder:text-muted",
          problem ? "border-danger" : "border-outline",
        )}
      />
      {/* After the input in the order of focus, so that Tab leads from the label to the input. */}
      {action && <div className="absolute top-0 right-0">{action}</div>}
      {hint && (
        <p id={`${id}-hint`} className="text-[13px] text-muted">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className="text-[13px] text-danger">
          {problem}
        </p>
      )}
    </div>
  );
}
