import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { answered, api } from "@/api/client";
import { explain } from "@/api/errors";
import { useToast } from "@/design/toast";

import { hide, refreshLater, show } from "./lists";
import { nameOf } from "./names";
import type { Item } from "./queries";

/** Deletes an analysis: gone from every list at once, with a way back. Resolves once the server knows. */
export function useDelete(): (item: Item) => Promise<void> {
  const queries = useQueryClient();
  const toast = useToast();
  return useCallback(
    async (item) => {
      const params = { params: { path: { id: item.id } } };
      const undo = async () => {
        try {
          show(queries, await answered(api.POST("/analyses/{id}/restore", params)));
        } catch (error) {
          toast(explain(error));
        }
      };
      await hide(queries, item.id);
      try {
        await answered(api.DELETE("/analyses/{id}", params));
        toast(`Deleted ${nameOf(item)}.`, { label: "Undo", run: () => void undo() });
        refreshLater(queries);
      } catch (error) {
        toast(explain(error));
        show(queries, item);
      }
    },
    [queries, toast],
  );
}
