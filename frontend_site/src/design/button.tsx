import Link from "next/link";
import type { ComponentProps, ReactNode } from "react";

import { cx } from "./cx";

type Variant = "primary" | "secondary" | "quiet" | "danger";

const SHAPE =
  "inline-flex items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap transition-colors " +
  "disabled:cursor-not-allowed disabled:opacity-55";
const VARIANTS: Record<Variant, string> = {
  primary: "bg-accent-fill text-on-fill enabled:hover:bg-accent-fill-hover [a&]:hover:bg-accent-fill-hover",
  secondary: "border border-line bg-surface text-text enabled:hover:bg-hover [a&]:hover:bg-hover",
  quiet: "text-muted enabled:hover:bg-hover enabled:hover:text-text [a&]:hover:bg-hover [a&]:hover:text-text",
  danger: "bg-danger-fill text-on-fill enabled:hover:brightness-110",
};
const SIZES = { small: "h-8 px-3 text-[13px]", normal: "h-10 px-4 text-sm", large: "h-12 px-6 text-base" };

interface Appearance {
  variant?: Variant;
  size?: keyof typeof SIZES;
}

type ButtonProps = ComponentProps<"button"> & Appearance & { busy?: boolean };

/** Button. While `busy` it shows a spinner and ignores clicks, but keeps the focus. */
export function Button({
  variant = "secondary",
  size = "normal",
  busy = false,
  className,
  children,
  ...rest
}: ButtonProps) {
  const disabled = rest.disabled === true;
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
      className={cx(SHAPE, VARIANTS[variant], SIZES[size], busy && "opacity-70", className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

/** Link styled as a button. */
export function ButtonLink({
  variant = "secondary",
  size = "normal",
  className,
  ...rest
}: ComponentProps<typeof Link> & Appearance) {
  return <Link {...rest} className={cx(SHAPE, VARIANTS[variant], SIZES[size], className)} />;
}

/** Square button with only an icon; `label` is its accessible name and tooltip. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: ComponentProps<"button"> & { label: string; children: ReactNode }) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={cx(SHAPE, VARIANTS.quiet, "size-8 shrink-0 [&>svg]:size-[18px]", className)}
    >
      {children}
    </button>
  );
}

export function Spinner() {
  return (
    <svg
      viewBox="0 0 16 16"
      className="size-4 shrink-0 animate-spin"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      aria-hidden="true"
    >
      <circle cx="8" cy="8" r="6" opacity="0.25" />
      <path d="M14 8a6 6 0 0 0-6-6" strokeLinecap="round" />
    </svg>
  );
}
