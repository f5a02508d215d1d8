/**
 * Session shared by the open tabs of this site.
 *
 * Tokens are kept in each tab's session storage, which browsers remove with the tab, and never in local storage, where a
 * refresh token would stay on disk for a month. A new tab asks the open ones for their tokens over a BroadcastChannel,
 * which only pages of the same origin receive; signing out in one tab signs out all.
 */

export type Message = { kind: "request" } | { kind: "tokens"; items: Record<string, string> } | { kind: "signed-out" };

export interface Channel {
  post(message: Message): void;
  /** Call `listener` with the messages of other tabs. */
  listen(listener: (message: Message) => void): void;
}

type TokenStore = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

const PREFIX = "CognitoIdentityServiceProvider."; // of the keys under which Amplify stores tokens
const PATIENCE = 300; // milliseconds for the other tabs to answer

/** True if a session is stored. It may have expired. */
export function hasSession(store: TokenStore): boolean {
  return Object.keys(tokensOf(store)).some((name) => name.endsWith(".idToken"));
}

function tokensOf(store: TokenStore): Record<string, string> {
  const names = Array.from({ length: store.length }, (_, index) => store.key(index) ?? "");
  return Object.fromEntries(
    names.filter((name) => name.startsWith(PREFIX)).map((name) => [name, store.getItem(name) ?? ""]),
  );
}

/** This tab's part of the shared session. */
export class SharedSession {
  #received: (() => void) | null = null; // set while this tab waits for tokens

  /** `onSignedOut` is called when another tab has signed out, after the tokens of this one have been removed. */
  constructor(
    private readonly store: TokenStore,
    private readonly channel: Channel,
    private readonly onSignedOut: () => void,
  ) {
    channel.listen((message) => this.#receive(message));
  }

  /** Take over the session of another tab, unless this one has a session or there is none. */
  async join(): Promise<void> {
    if (hasSession(this.store)) return;
    await new Promise<void>((resolve) => {
      this.#received = resolve;
      setTimeout(resolve, PATIENCE);
      this.channel.post({ kind: "request" });
    });
    this.#received = null;
  }

  /** Sign out the other tabs. */
  end(): void {
    this.channel.post({ kind: "signed-out" });
  }

  #receive(message: Message): void {
    if (message.kind === "request") {
      if (hasSession(this.store)) this.channel.post({ kind: "tokens", items: tokensOf(this.store) });
    } else if (message.kind === "tokens") {
      if (!this.#received) return; // asked for by another tab
      for (const [name, value] of Object.entries(message.items)) this.store.setItem(name, value);
      this.#received();
    } else if (hasSession(this.store)) {
      for (const name of Object.keys(tokensOf(this.store))) this.store.removeItem(name);
      this.onSignedOut();
    }
  }
}

/** Return the channel between the tabs of this origin. */
export function tabChannel(): Channel {
  const channel = new BroadcastChannel("session");
  return {
    post: (message) => channel.postMessage(message),
    listen: (listener) => {
      channel.onmessage = ({ data }: MessageEvent<Message>) => listener(data);
    },
  };
}
