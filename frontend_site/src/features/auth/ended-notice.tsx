"use client";

import { useEffect, useState } from "react";

import { Button } from "@/design/button";

import { signInPage, signOut } from "./cognito";
import { onEnded } from "./ended";

/** Offer to sign in again once the session has ended; the page stays as it is, and signing in leads back to it. */
export function EndedNotice() {
  const [ended, setEnded] = useState(false);
  useEffect(() => onEnded(() => setEnded(true)), []);
  if (!ended) return null;
  const leave = async () => {
    const page = signInPage();
    await signOut().catch(() => undefined); // the tokens may be valid for Cognito and still refused by the API
    location.assign(page);
  };
  return (
    <div role="alert" className="bg-warning-surface text-warning-text">
      <div className="mx-auto flex max-w-[85rem] flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 text-sm sm:px-6">
        <p>You have been signed out. Sign in to continue on this page.</p>
        <Button size="small" onClick={() => void leave()}>
          Sign in again
        </Button>
      </div>
    </div>
  );
}
