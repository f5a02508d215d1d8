/** Event that the API no longer accepts the session, so that the page can offer to sign in. */

const events = new EventTarget();
const ENDED = "ended";

export function reportEnded(): void {
  events.dispatchEvent(new Event(ENDED));
}

/** Call `listener` when the session is found to have ended; return the function that removes it. */
export function onEnded(listener: () => void): () => void {
  events.addEventListener(ENDED, listener);
  return () => events.removeEventListener(ENDED, listener);
}
