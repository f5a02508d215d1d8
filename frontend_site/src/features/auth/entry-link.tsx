"use client";

import Link from "next/link";
import { useSyncExternalStore } from "react";

/** Link between the sign-in pages that keeps the page to open afterwards (`next`). */
export function EntryLink({ href, children }: { href: `/${string}/`; children: string }) {
  const search = useSyncExternalStore(
    () => () => undefined,
    () => location.search,
    () => "",
  );
  return (
    <Link href={`${href}${search}`} className="text-accent underline">
      {children}
    </Link>
  );
}
