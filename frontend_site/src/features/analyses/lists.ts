/**
 * Optimistic updates of the cached lists of analyses.
 *
 * The API reads lists from an index that is eventually consistent, so a refetch right after a change may return the old
 * state. The caches are updated at once and refetched a little later.
 */

import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import type { Schemas } from "@/api/client";

type Item = Schemas["AnalysisItem"];
export type Pages = InfiniteData<Schemas["AnalysisPage"]>;

const LISTS = { queryKey: ["analyses"] };
const INDEX_LAG = 3_000; // milliseconds

/** Return the more recent of two versions of an analysis: either the list or its own poll may be ahead. */
export function latest<Listed extends Stamped, Polled extends Stamped>(
  listed: Listed,
  polled: Polled | undefined,
): Listed | Polled {
  return polled && polled.updatedAt >= listed.updatedAt ? polled : listed;
}

interface Stamped {
  updatedAt: string; // ISO 8601, UTC
}

/** Return the pages without an analysis. */
export function without(pages: Pages, id: string): Pages {
  return mapPages(pages, (items) => items.filter((item) => item.id !== id));
}

/** Return the pages with an analysis replaced, or inserted by its creation time. */
export function withItem(pages: Pages, item: Item): Pages {
  const known = pages.pages.some(({ analyses }) => analyses.some(({ id }) => id === item.id));
  if (known) return mapPages(pages, (items) => items.map((old) => (old.id === item.id ? item : old)));
  const older = ({ createdAt }: Item) => createdAt <= item.createdAt;
  const found = pages.pages.findIndex(({ analyses }) => analyses.some(older));
  const page = found >= 0 ? found : pages.pages.length - 1;
  return mapPages(pages, (items, index) => {
    if (index !== page) return items;
    const place = items.findIndex(older);
    return place < 0 ? [...items, item] : items.toSpliced(place, 0, item);
  });
}

function mapPages(pages: Pages, change: (items: Item[], page: number) => Item[]): Pages {
  return {
    ...pages,
    pages: pages.pages.map((page, index) => ({ ...page, analyses: change(page.analyses, index) })),
  };
}

/** Add or update an analysis in the lists that match its status, and remove it from the others. */
export function show(queries: QueryClient, item: Item): void {
  for (const [key, pages] of queries.getQueriesData<Pages>(LISTS)) {
    const belongs = key[1] === "all" || key[1] === item.status;
    if (pages) queries.setQueryData(key, belongs ? withItem(pages, item) : without(pages, item.id));
  }
  refreshLater(queries);
}

/** Remove an analysis from every list, and cancel pending fetches, which would bring it back. */
export async function hide(queries: QueryClient, id: string): Promise<void> {
  await queries.cancelQueries(LISTS);
  queries.setQueriesData<Pages>(LISTS, (pages) => pages && without(pages, id));
}

export function refreshLater(queries: QueryClient): void {
  setTimeout(() => void queries.invalidateQueries(LISTS), INDEX_LAG);
}
