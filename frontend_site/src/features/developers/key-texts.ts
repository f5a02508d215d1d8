/** Scopes and expiry of API keys in words. */

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

/** "Read only". */
export function allowed(scopes: readonly Scope[]): string {
  const same = ACCESS.find(
    (access) => access.scopes.length === scopes.length && access.scopes.every((s) => scopes.includes(s)),
  );
  return same?.label ?? scopes.join(", ");
}

/** "expires 3 Feb 2027". `now`: for tests. */
export function until(expiresAt: string | null, now = new Date()): string {
  if (expiresAt === null) return "does not expire";
  const end = new Date(expiresAt);
  return end <= now ? "expired" : `expires ${when(end, now)}`;
}
