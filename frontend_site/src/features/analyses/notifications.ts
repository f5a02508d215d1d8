/** Choice of browser notifications, stored in this browser. */

const CHOICE = "notifications"; // in local storage: "on" if the user wants them
const listeners = new Set<() => void>();

export type State = "unsupported" | "blocked" | "on" | "off";

/** Return whether the user wants notifications in this browser, and may get them. */
export function state(): State {
  if (typeof Notification === "undefined") return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return Notification.permission === "granted" && localStorage.getItem(CHOICE) === "on" ? "on" : "off";
}

export function choose(on: boolean): void {
  localStorage.setItem(CHOICE, on ? "on" : "off");
  for (const listener of listeners) listener();
}

export async function turnOn(): Promise<void> {
  await Notification.requestPermission();
  choose(true); // without the permission, the state is "blocked" or "off" all the same
}

/** Call `listener` after every choice; return the function that removes it. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
