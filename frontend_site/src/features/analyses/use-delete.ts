import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { useToast } from "@/design/toast";
import { EXAMPLE_ID, EXAMPLE_KEY } from "@/features/demonstration/example";

import { hide, refreshLater, show } from "./lists";
import { nameOf } from "./names";
import type { Item } from "./queries";

/** Return a function that deletes an analysis optimistically and offers to undo it. Resolves after the server's response. */
export function useDelete(): (item: Item) => Promise<void> {
  const queries = useQueryClient();
  const toast = useToast();
  return useCallback(
    async (item) => {
      const steps = item.id === EXAMPLE_ID ? exampleSteps(queries, item) : analysisSteps(queries, item);
      const undo = async () => {
        try {
          await steps.restore();
        } catch (error) {
          toast(explain(error));
        }
      };
      await steps.hide();
      try {
        await steps.remove();
        toast(`Deleted ${nameOf(item)}.`, { label: "Undo", run: () => void undo() });
        refreshLater(queries);
      } catch (error) {
        toast(explain(error));
        steps.show();
      }
    },
    [queries, toast],
  );
}

interface Steps {
  hide: () => Promise<void>;
  show: () => void;
  remove: () => Promise<unknown>;
  restore: () => Promise<void>;
}

function analysisSteps(queries: QueryClient, item: Item): Steps {
  const params = { params: { path: { id: item.id } } };
  return {
    hide: () => hide(queries, item.id),
    show: () => show(queries, item),
    remove: () => unwrap(api.DELETE("/analyses/{id}", params)),
    restore: async () => show(queries, await unwrap(api.POST("/analyses/{id}/restore", params))),
  };
}

function exampleSteps(queries: QueryClient, item: Item): Steps {
  const showExample = () => void queries.setQueryData(EXAMPLE_KEY, item);
  return {
    hide: async () => {
      await queries.cancelQueries({ queryKey: EXAMPLE_KEY });
      queries.setQueryData(EXAMPLE_KEY, null);
    },
    show: showExample,
    remove: async () => {
      await unwrap(api.DELETE("/example"));
      queries.removeQueries({ queryKey: ["analysis", EXAMPLE_ID] });
    },
    restore: async () => {
      await unwrap(api.POST("/example/restore"));
      showExample();
    },
  };
}
