/** Queries of the analyses of a month. */

import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import type { Item } from "./items";

function fetchPage(month: string, cursor?: string, signal?: AbortSignal) {
  return unwrap(api.GET("/analyses", { params: { query: { month, cursor, limit: 100 } }, signal }));
}

export function useMonth(month: string) {
  return useInfiniteQuery({
    queryKey: ["analyses-of-month", month],
    queryFn: ({ pageParam, signal }) => fetchPage(month, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    refetchOnMount: "always",
  });
}

/** Return all analyses of a month, newest first. */
export async function fetchMonth(month: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await fetchPage(month, cursor ?? undefined);
    items.push(...page.analyses);
    cursor = page.cursor;
  } while (cursor !== null);
  return items;
}
