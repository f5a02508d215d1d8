import Link from "next/link";

/** Logo mark: three bands of an emotion timeline. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={className} aria-hidden="true">
      <path className="emotion-joy fill-tone" d="M3 4.5h5v5H3zM9.5 4.5h5v8h-5zM16 4.5h5v3h-5z" />
      <path className="emotion-sadness fill-tone" d="M3 11h5v3H3zM9.5 14h5v2.5h-5zM16 9h5v6h-5z" />
      <path className="emotion-anger fill-tone" d="M3 15.5h5v4H3zM9.5 18h5v1.5h-5zM16 16.5h5v3h-5z" />
    </svg>
  );
}

export function Logo({ href = "/" }: { href?: string }) {
  return (
    <Link href={href} className="flex items-center gap-2 rounded-control font-semibold tracking-tight">
      <Mark className="size-6" />
      Video Sentiment
    </Link>
  );
}
