/**
 * The lists that this page holds, changed as the server has just said it did.
 *
 * The server's own lists follow a change by a moment (they are read from an index of the table), so asking for them
 * right after it may show the past; they are asked again a little later.
 */

import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import type { Schemas } from "@/api/client";

type Item = Schemas["AnalysisItem"];
export type Pages = InfiniteData<Schemas["AnalysisPage"]>;

const LISTS = { queryKey: ["analyses"] };
const LAG = 3_000; // milliseconds

/** Of an analysis as two answers have it, the later: a list may know of its end before its own poll does, and after. */
export function latest<Listed extends Stamped, Own extends Stamped>(
  listed: Listed,
  own: Own | undefined,
): Listed | Own {
  return own && own.updatedAt >= listed.updatedAt ? own : listed;
}

interface Stamped {
  updatedAt: string; // ISO 8601, UTC
}

/** The pages without an analysis. */
export function without(pages: Pages, id: string): Pages {
  return mapPages(pages, (items) => items.filter((item) => item.id !== id));
}

/** The pages with an analysis as it is now: in its place, or where its age puts it. */
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

/** Show an analysis in every list that it belongs to, and in no other. */
export function show(queries: QueryClient, item: Item): void {
  for (const [key, pages] of queries.getQueriesData<Pages>(LISTS)) {
    const belongs = key[1] === "all" || key[1] === item.status;
    if (pages) queries.setQueryData(key, belongs ? withItem(pages, item) : without(pages, item.id));
  }
  refreshLater(queries);
}

/** Take an analysis off every list. An answer that is still on its way would bring it back, so it is given up. */
export async function hide(queries: QueryClient, id: string): Promise<void> {
  await queries.cancelQueries(LISTS);
  queries.setQueriesData<Pages>(LISTS, (pages) => pages && without(pages, id));
}

export function refreshLater(queries: QueryClient): void {
  setTimeout(() => void queries.invalidateQueries(LISTS), LAG);
}
