/** Texts of the delivery log. Pure functions. */

import type { Schemas } from "@/api/client";
import { when } from "@/lib/format";

export type Delivery = Schemas["Delivery"];

const EVENTS: Record<Delivery["eventType"], string> = {
  "analysis.completed": "Analysis completed",
  "analysis.failed": "Analysis failed",
  "webhook.test": "Test event",
};

const ERRORS: Record<Exclude<NonNullable<Delivery["error"]>, "http-status">, string> = {
  timeout: "no response within 10 seconds",
  connection: "connection refused or lost",
  tls: "invalid certificate or TLS error",
  "host-not-found": "host name not found",
  "invalid-response": "invalid HTTP response",
  "url-not-allowed": "URL not allowed: it leads to a private address",
  paused: "not sent, as this host kept failing",
};

/** Name an event type: "Test event". */
export function describeEvent(type: Delivery["eventType"]): string {
  return EVENTS[type];
}

/** Describe the receiver's response: "HTTP 503" or "no response within 10 seconds". */
export function describeResponse({ status, error }: Pick<Delivery, "status" | "error">): string {
  if (error === null || error === "http-status") return `HTTP ${String(status)}`;
  return ERRORS[error];
}

/** Describe an outcome: "Delivered", "Failed", or "Failed, next attempt today, 14:05". */
export function describeOutcome({ outcome, nextAttemptAt }: Delivery, now = new Date()): string {
  if (outcome === "delivered") return "Delivered";
  if (nextAttemptAt === null) return "Failed";
  return `Failed, next attempt ${when(new Date(nextAttemptAt), now)}`;
}

/** Format a duration: "182 ms", "3.1 s". */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${String(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
