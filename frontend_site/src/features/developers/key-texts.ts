/** Texts for scopes and expiry of API keys. */

import type { Schemas } from "@/api/client";
import { when } from "@/lib/format";

export type Scope = Schemas["KeyItem"]["scopes"][number];

export const ACCESS: readonly { value: string; label: string; scopes: Scope[] }[] = [
  { value: "full", label: "Read and analyze", scopes: ["read", "analyze"] },
  { value: "read", label: "Read only", scopes: ["read"] },
  { value: "analyze", label: "Analyze only", scopes: ["analyze"] },
];

export const LIFETIMES: readonly { value: string; label: string; days: number | null }[] = [
  { value: "30", label: "30 days", days: 30 },
  { value: "90", label: "90 days", days: 90 },
  { value: "365", label: "1 year", days: 365 },
  { value: "never", label: "Never", days: null },
];

/** Describe scopes: "Read only". */
export function describeAccess(scopes: readonly Scope[]): string {
  const match = ACCESS.find(
    (access) => access.scopes.length === scopes.length && access.scopes.every((s) => scopes.includes(s)),
  );
  return match?.label ?? scopes.join(", ");
}

/** Describe an expiry: "expires 3 Feb 2027". */
export function describeExpiry(expiresAt: string | null, now = new Date()): string {
  if (expiresAt === null) return "does not expire";
  const end = new Date(expiresAt);
  return end <= now ? "expired" : `expires ${when(end, now)}`;
}
