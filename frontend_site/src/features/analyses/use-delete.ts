import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback } from "react";

import { answered, api, type Schemas } from "@/api/client";
import { explain } from "@/api/errors";
import { useToast } from "@/design/toast";

import { nameOf } from "./names";
import type { Item } from "./queries";

type Pages = InfiniteData<Schemas["AnalysisPage"]>;

const LISTS = { queryKey: ["analyses"] };

/** Deletes an analysis: gone from every list at once, with a way back. Resolves once the server knows. */
export function useDelete(): (item: Pick<Item, "id" | "fileName" | "createdAt">) => Promise<void> {
  const queries = useQueryClient();
  const toast = useToast();
  return useCallback(
    async (item) => {
      const params = { params: { path: { id: item.id } } };
      const undo = async () => {
        await answered(api.POST("/analyses/{id}/restore", params)).catch((error: unknown) => toast(explain(error)));
        await queries.invalidateQueries(LISTS);
      };
      await queries.cancelQueries(LISTS); // an answer from before would bring it back
      queries.setQueriesData<Pages>(LISTS, (pages) => pages && without(pages, item.id));
      try {
        await answered(api.DELETE("/analyses/{id}", params));
        toast(`Deleted ${nameOf(item)}.`, { label: "Undo", run: () => void undo() });
      } catch (error) {
        toast(explain(error));
      }
      await queries.invalidateQueries(LISTS);
    },
    [queries, toast],
  );
}

function without(pages: Pages, id: string): Pages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, analyses: page.analyses.filter((item) => item.id !== id) })),
  };
}
