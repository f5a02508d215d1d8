"use client";

import Link from "next/link";

import { usePeopleSetting } from "./api";

/** Line that tells the owner of the setting, while it is off. */
export function PeopleHint() {
  const { data: on } = usePeopleSetting();
  if (on !== false) return null;
  return (
    <p className="text-[13px] text-muted">
      Several people speak?{" "}
      <Link href="/account/#people" className="underline hover:text-text">
        Turn on People in videos
      </Link>{" "}
      to see who said it in your next analyses.
    </p>
  );
}
