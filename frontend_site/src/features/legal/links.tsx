import Link from "next/link";

/** Links to the privacy and terms pages. */
export function LegalLinks() {
  return (
    <nav aria-label="Legal" className="flex flex-wrap gap-x-6 gap-y-1 text-[13px] text-muted">
      <Link href="/privacy/" prefetch={false} className="hover:text-text">
        Privacy
      </Link>
      <Link href="/terms/" prefetch={false} className="hover:text-text">
        Terms
      </Link>
    </nav>
  );
}
