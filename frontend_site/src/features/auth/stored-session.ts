import { useSyncExternalStore } from "react";

// Prefix of the keys under which Amplify stores tokens.
const PREFIX = "CognitoIdentityServiceProvider.";

function hasSession(): boolean {
  return Object.keys(sessionStorage).some((name) => name.startsWith(PREFIX) && name.endsWith(".idToken"));
}

/** True if a session is stored. It may have expired; for pages that should not load Amplify to verify it. */
export function useHasStoredSession(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    hasSession,
    () => false,
  );
}
