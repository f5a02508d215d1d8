/** Analyses as the server has them. */

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { unwrap, api, type Schemas } from "@/api/client";
import type { Ratings } from "@/features/analysis/ratings";
import { EXAMPLE_ID, exampleVideo, fetchExample } from "@/features/demonstration/example";

import { show } from "./lists";

export type Item = Schemas["AnalysisItem"];
export type Detail = Schemas["AnalysisDetail"] & {
  people?: readonly Ratings[]; // of each utterance, where people were asked about the video
};
export type Status = Item["status"];

const LIVE = 2_000; // milliseconds between looks at an analysis that runs
const LIST = 30_000; // between looks at the list: others may add to it, by API or drop folder

export const isRunning = (status: Status) => status === "queued" || status === "processing";

export function useAnalyses(status: Status | undefined) {
  return useInfiniteQuery({
    queryKey: ["analyses", status ?? "all"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/analyses", { params: { query: { status, cursor: pageParam, limit: 25 } }, signal })),
    getNextPageParam: (page) => page.cursor ?? undefined,
    refetchInterval: LIST,
  });
}

/** One analysis, asked for again and again while it runs; or the example. */
export function useAnalysis(id: string, { enabled = true } = {}) {
  return useQuery({
    queryKey: ["analysis", id],
    enabled,
    queryFn: ({ signal }): Promise<Detail> => (id === EXAMPLE_ID ? fetchExample(signal) : fetchAnalysis(id, signal)),
    refetchInterval: ({ state }) => (state.data && !isRunning(state.data.status) ? false : LIVE),
  });
}

/** An analysis with its whole result, however long that is. */
export async function fetchAnalysis(id: string, signal?: AbortSignal): Promise<Detail> {
  const detail = await unwrap(api.GET("/analyses/{id}", { params: { path: { id } }, signal }));
  if (typeof detail === "string") throw new Error("asked for JSON, got an export");
  return { ...detail, analysis: await loadResult(detail, signal) };
}

/** The result, which comes from its own URL where it is too long for the answer. */
async function loadResult({ analysis, resultUrl }: Detail, signal?: AbortSignal): Promise<Detail["analysis"]> {
  if (analysis || !resultUrl) return analysis;
  const response = await fetch(resultUrl, { signal });
  if (!response.ok) throw new Error(`the result could not be fetched (${response.status})`);
  return (await response.json()) as Schemas["Analysis"];
}

/** Address of an analysis's video; it works for some minutes. */
export async function fetchVideoUrl(id: string, signal?: AbortSignal): Promise<string> {
  if (id === EXAMPLE_ID) return exampleVideo();
  return (await unwrap(api.GET("/analyses/{id}/video", { params: { path: { id } }, signal }))).url;
}

export function useRetry() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/analyses/{id}/retry", { params: { path: { id } } })),
    onSuccess: async (item) => {
      show(queries, item);
      await queries.invalidateQueries({ queryKey: ["analysis", item.id] });
    },
  });
}

/** Cancel an analysis; one that has ended meanwhile is shown as it is. */
export function useCancel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/analyses/{id}/cancel", { params: { path: { id } } })),
    onSuccess: (item) => show(queries, item),
    onSettled: (_item, _error, id) => queries.invalidateQueries({ queryKey: ["analysis", id] }),
  });
}
