"use client";

import { ButtonLink } from "@/design/button";
import { useHasStoredSession } from "@/features/auth/stored-session";

/** The way in, for the bar at the top: another one for those who are signed in. */
export function EntryLinks() {
  if (useHasStoredSession()) {
    return (
      <ButtonLink href="/dashboard/" variant="primary" size="small">
        Open the dashboard
      </ButtonLink>
    );
  }
  return (
    <>
      <ButtonLink href="/sign-in/" variant="quiet" size="small">
        Sign in
      </ButtonLink>
      <ButtonLink href="/sign-up/" variant="primary" size="small">
        Sign up
      </ButtonLink>
    </>
  );
}
