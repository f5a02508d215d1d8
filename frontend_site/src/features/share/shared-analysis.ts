/** The analysis of a link. The token is sent as a header and kept in the fragment, so that no log contains it. */

import createClient from "openapi-fetch";
import { useSyncExternalStore } from "react";

import { unwrap } from "@/api/unwrap";

import type { components, paths } from "../../../../clients/typescript/src/schema";

type Analysis = components["schemas"]["Analysis"];
export type Shared = Omit<components["schemas"]["SharedAnalysis"], "analysis"> & { analysis: Analysis };

const api = createClient<paths>({ baseUrl: "/public" });

/** Fetch a shared analysis. Throws ApiError with status 404 if the link is wrong, expired or revoked. */
export async function fetchShared(token: string, signal?: AbortSignal): Promise<Shared> {
  const headers = { Authorization: `Bearer ${token}` };
  const shared = await unwrap(api.GET("/shared-analysis", { headers, signal }));
  return { ...shared, analysis: shared.analysis ?? (await fetchResult(shared.resultUrl, signal)) };
}

async function fetchResult(url: string, signal?: AbortSignal): Promise<Analysis> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`the result could not be fetched: ${response.status}`);
  return (await response.json()) as Analysis;
}

/** Return the token in the page's fragment; null before the page runs in the browser. */
export function useToken(): string | null {
  return useSyncExternalStore(
    (changed) => {
      addEventListener("hashchange", changed);
      return () => removeEventListener("hashchange", changed);
    },
    () => location.hash.slice(1),
    () => null,
  );
}
