"use client";

import { ButtonLink } from "@/design/button";
import { useProbablySignedIn } from "@/features/auth/hint";

/** The way in, for the bar at the top: another one for those who are signed in. */
export function EntryLinks() {
  if (useProbablySignedIn()) {
    return (
      <ButtonLink href="/dashboard/" look="primary" size="small">
        Open the dashboard
      </ButtonLink>
    );
  }
  return (
    <>
      <ButtonLink href="/sign-in/" look="quiet" size="small">
        Sign in
      </ButtonLink>
      <ButtonLink href="/sign-up/" look="primary" size="small">
        Sign up
      </ButtonLink>
    </>
  );
}
