/** Verification of webhook events: their signature and age. */

import { SignatureError } from "./errors.js";
import type { Analysis } from "./types.js";

export const SIGNATURE_HEADER = "VideoSentiment-Signature";

/** An analysis as an event describes it. Its result is at `statusUrl`, for an API key. */
export type EventAnalysis = Pick<
  Analysis,
  "id" | "status" | "attempt" | "source" | "fileName" | "createdAt" | "summary" | "error"
> & { statusUrl: string };

/** An event. `id` is the same however often it is delivered. */
export type WebhookEvent = { id: string; createdAt: string } & (
  | { type: "analysis.completed" | "analysis.failed"; data: EventAnalysis }
  | { type: "webhook.test"; data: Record<string, never> }
);

/**
 * The event of a request whose signature is right; `body` as it came, before any JSON parser; `tolerance`: the age in
 * seconds that it may have. Throws SignatureError.
 */
export async function parseEvent(
  body: string | Uint8Array,
  signature: string,
  secret: string,
  tolerance = 300,
): Promise<WebhookEvent> {
  const raw = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const parts = signature.split(",").map((part) => part.split("=", 2));
  const seconds = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^[0-9]+$/.test(seconds))
    throw new SignatureError(`the header ${SIGNATURE_HEADER} is missing or not in its form`);
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), HMAC, false, ["verify"]);
  const signed = new Uint8Array([...new TextEncoder().encode(`${seconds}.`), ...raw]);
  const given = parts.filter(([name]) => name === "v1").map(([, value]) => bytesOf(value ?? ""));
  const right = await Promise.all(given.map((each) => crypto.subtle.verify("HMAC", key, each, signed)));
  if (!right.includes(true)) throw new SignatureError("the event was not signed with this secret");
  if (Math.abs(Date.now() / 1000 - Number(seconds)) > tolerance) {
    throw new SignatureError(`the event is more than ${String(tolerance)} seconds old, or its clock is ahead`);
  }
  return JSON.parse(new TextDecoder().decode(raw)) as WebhookEvent;
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** Decode hexadecimal bytes; empty for anything else. */
function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) return new Uint8Array();
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
