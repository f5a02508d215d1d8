import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { hasSession, SharedSession, type Channel, type Message } from "./shared-session";

const TOKEN = "CognitoIdentityServiceProvider.client.user.idToken";

class Store {
  #items = new Map<string, string>();
  get length() {
    return this.#items.size;
  }
  key = (index: number) => [...this.#items.keys()][index] ?? null;
  getItem = (name: string) => this.#items.get(name) ?? null;
  setItem = (name: string, value: string) => void this.#items.set(name, value);
  removeItem = (name: string) => void this.#items.delete(name);
}

/** Tabs whose channels reach each other, but not themselves. */
class Browser {
  #listeners: [Channel, (message: Message) => void][] = [];
  tab() {
    const store = new Store();
    const onSignedOut = vi.fn();
    const channel: Channel = {
      post: (message) => this.#listeners.filter(([own]) => own !== channel).forEach(([, listen]) => listen(message)),
      listen: (listener) => void this.#listeners.push([channel, listener]),
    };
    return { store, onSignedOut, session: new SharedSession(store, channel, onSignedOut) };
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a new tab takes over the session of an open one, and nothing else", async () => {
  const browser = new Browser();
  const open = browser.tab();
  open.store.setItem(TOKEN, "secret");
  open.store.setItem("draft", "mine");
  const fresh = browser.tab();
  await fresh.session.join();
  expect(fresh.store.getItem(TOKEN)).toBe("secret");
  expect(fresh.store.getItem("draft")).toBeNull();
});

it("a tab that did not ask takes nothing", async () => {
  const browser = new Browser();
  const [open, idle, fresh] = [browser.tab(), browser.tab(), browser.tab()];
  open.store.setItem(TOKEN, "secret");
  await fresh.session.join();
  expect(hasSession(idle.store)).toBe(false);
});

it("without another session, a new tab stays signed out", async () => {
  const fresh = new Browser().tab();
  const joined = fresh.session.join();
  await vi.runAllTimersAsync();
  await joined;
  expect(hasSession(fresh.store)).toBe(false);
});

it("a session of its own is kept", async () => {
  const browser = new Browser();
  const [open, second] = [browser.tab(), browser.tab()];
  open.store.setItem(TOKEN, "one");
  second.store.setItem(TOKEN, "two");
  await second.session.join();
  expect(second.store.getItem(TOKEN)).toBe("two");
});

it("signing out in one tab signs out the others once", () => {
  const browser = new Browser();
  const [first, second, visitor] = [browser.tab(), browser.tab(), browser.tab()];
  second.store.setItem(TOKEN, "secret");
  first.session.end();
  first.session.end();
  expect(hasSession(second.store)).toBe(false);
  expect(second.onSignedOut).toHaveBeenCalledTimes(1);
  expect(visitor.onSignedOut).not.toHaveBeenCalled();
});
