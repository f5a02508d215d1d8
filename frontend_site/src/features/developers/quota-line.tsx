"use client";

import Link from "next/link";

import { useUsage } from "./queries";

/** "42 of 10,000 analyses used this month". */
export function QuotaLine() {
  const { data: usage } = useUsage();
  if (!usage) return null;
  return (
    <Link href="/developers/#usage" className="numbers text-[13px] text-muted hover:text-text">
      {usage.used.toLocaleString("en-GB")} of {usage.limit.toLocaleString("en-GB")} analyses used this month
    </Link>
  );
}
