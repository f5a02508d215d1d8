import { useSyncExternalStore } from "react";

import { hasSession } from "./shared-session";

/** True if a session is stored. It may have expired; for pages that should not load Amplify to verify it. */
export function useHasStoredSession(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    () => hasSession(sessionStorage),
    () => false,
  );
}
