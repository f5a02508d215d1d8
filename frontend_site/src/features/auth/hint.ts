import { useSyncExternalStore } from "react";

// Amplify's own names for what it keeps begin so.
const PREFIX = "CognitoIdentityServiceProvider.";

function hasSession(): boolean {
  return Object.keys(sessionStorage).some((name) => name.startsWith(PREFIX) && name.endsWith(".idToken"));
}

/** Whether somebody is probably signed in: for pages that need not load Amplify to be sure. */
export function useProbablySignedIn(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    hasSession,
    () => false,
  );
}
