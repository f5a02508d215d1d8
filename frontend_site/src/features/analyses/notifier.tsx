"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { Button } from "@/design/button";
import { Card } from "@/design/card";

import { FinishedTracker } from "./finished";
import type { Pages } from "./lists";
import { nameOf } from "./names";
import { choose, state, subscribe, turnOn, type State } from "./notifications";
import type { Detail, Item } from "./queries";

/** Show a browser notification when an analysis that this tab has seen running ends while the tab is in the background. */
export function Notifier() {
  const queries = useQueryClient();
  useEffect(() => {
    const tracker = new FinishedTracker();
    return queries.getQueryCache().subscribe(({ type, query }) => {
      if (type !== "updated") return;
      const ended = tracker.update(itemsOf((query.queryKey as readonly unknown[])[0], query.state.data));
      if (document.visibilityState === "hidden" && state() === "on") ended.forEach(notify);
    });
  }, [queries]);
  return null;
}

function itemsOf(kind: unknown, data: unknown): Item[] {
  if (!data) return [];
  if (kind === "analysis") return [data as Detail];
  return kind === "analyses" ? (data as Pages).pages.flatMap(({ analyses }) => analyses) : [];
}

function notify(item: Item): void {
  const title = item.status === "completed" ? "Analysis completed" : "Analysis failed";
  // The tag is the same in all tabs, so that several open ones show one notification.
  const notification = new Notification(title, { body: nameOf(item), tag: item.id, icon: "/icon.svg" });
  notification.onclick = () => {
    window.focus();
    location.assign(`/analysis/?id=${item.id}`);
  };
}

const TEXTS: Record<State, string> = {
  unsupported: "This browser has no notifications.",
  blocked: "Notifications are blocked for this site. Allow them in the browser's settings.",
  on: "On in this browser, for analyses that end while a tab of this site is open in the background.",
  off: "Get a notification from this browser when an analysis ends while a tab of this site is open in the background.",
};

/** Choice of browser notifications. Email is not offered: the service sends none but for signing in. */
export function NotificationsCard() {
  const current = useSyncExternalStore(subscribe, state, () => "off" as const);
  return (
    <Card title="Notifications">
      <p className="text-sm text-muted">
        {TEXTS[current]} No emails are sent about analyses; programs can use a webhook.
      </p>
      {current === "off" && (
        <Button className="mt-4" onClick={() => void turnOn()}>
          Notify me
        </Button>
      )}
      {current === "on" && (
        <Button className="mt-4" onClick={() => choose(false)}>
          Stop notifications
        </Button>
      )}
    </Card>
  );
}
