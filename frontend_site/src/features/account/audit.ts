/** Descriptions of audit log events. */

import type { Schemas } from "@/api/client";

type Event = Schemas["AuditEvent"];

const NAMES: Record<Event["event"], string> = {
  "signed-in": "Signed in",
  "signed-out-everywhere": "Signed out everywhere",
  "key-created": "API key created",
  "key-rotated": "API key replaced",
  "key-revoked": "API key revoked",
  "key-expired": "API key expired",
  "webhook-set": "Webhook saved",
  "webhook-removed": "Webhook removed",
  "webhook-secret-rotated": "Webhook secret replaced",
  "people-confirmed": "People in videos turned on",
  "people-withdrawn": "People in videos turned off",
  "analysis-deleted": "Analysis deleted",
  "analysis-restored": "Analysis restored",
  "analysis-cancelled": "Analysis cancelled",
  "share-created": "Link to analysis created",
  "share-revoked": "Link to analysis revoked",
  "share-expired": "Link to analysis expired",
};

/** Describe an event: "API key created: laptop". */
export function describeEvent({ event, subject }: Pick<Event, "event" | "subject">): string {
  return subject === null ? NAMES[event] : `${NAMES[event]}: ${subject}`;
}

/** Describe who acted: "key vs_4tq7hd2k…", "web app". */
export function describeActor(by: string): string {
  if (by === "session") return "web app";
  return by.startsWith("vs_") ? `key ${by}…` : by;
}
