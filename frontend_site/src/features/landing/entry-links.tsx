"use client";

import { ButtonLink } from "@/design/button";
import { useHasStoredSession } from "@/features/auth/stored-session";

/** Links of the top bar: to the dashboard if signed in, else to sign-in and sign-up. */
export function EntryLinks() {
  if (useHasStoredSession()) {
    return (
      <ButtonLink href="/dashboard/" variant="primary" size="small">
        Open dashboard
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
