/** Texts of the share dialog. */

import type { Schemas } from "@/api/client";
import { when } from "@/lib/format";

export const LIFETIMES = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "1 day" },
  { value: "168", label: "7 days" },
  { value: "720", label: "30 days" },
  { value: "2160", label: "90 days" },
] as const;

export type Lifetime = (typeof LIFETIMES)[number]["value"]; // hours

export const DEFAULT_LIFETIME: Lifetime = "168";

/** Describe a link: "Created today, 14:05, expires 8 Dec 2026, with video". */
export function describeShare(
  { createdAt, expiresAt, includeVideo }: Schemas["ShareItem"],
  now: Date = new Date(),
): string {
  const parts = [`Created ${when(new Date(createdAt), now)}`, `expires ${when(new Date(expiresAt), now)}`];
  return [...parts, includeVideo ? "with video" : "without video"].join(", ");
}

/** Return the HTML that embeds a shared analysis in another page. `name`: the title that screen readers announce. */
export function embedCode(url: string, name: string): string {
  const escaped = name.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return `<iframe src="${url}" title="${escaped}: emotions" width="100%" height="640" loading="lazy" allowfullscreen style="border:0"></iframe>`;
}
