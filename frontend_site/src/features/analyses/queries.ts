/** Queries and mutations of analyses. */

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import type { Ratings } from "@/features/analysis/ratings";
import { EXAMPLE_ID, exampleVideo, fetchExample } from "@/features/demonstration/example";

import { show } from "./lists";
import { state as notificationState } from "./notifications";

export type Item = Schemas["AnalysisItem"];
export type Detail = Schemas["AnalysisDetail"] & {
  ratings?: readonly Ratings[]; // human ratings of each utterance, if the video has any
};
export type Status = Item["status"];

const RUNNING_INTERVAL = 2_000; // milliseconds between polls of a running analysis
const LIST_INTERVAL = 30_000; // milliseconds between polls of the list, which API and drop folder may add to

export const isRunning = (status: Status) => status === "queued" || status === "processing";

export function useAnalyses(status: Status | undefined) {
  return useInfiniteQuery({
    queryKey: ["analyses", status ?? "all"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/analyses", { params: { query: { status, cursor: pageParam, limit: 25 } }, signal })),
    getNextPageParam: (page) => page.cursor ?? undefined,
    refetchInterval: LIST_INTERVAL,
    refetchIntervalInBackground: notificationState() === "on",
  });
}

/** Query one analysis, or the example. Polls while the analysis is running. */
export function useAnalysis(id: string, { enabled = true } = {}) {
  return useQuery({
    queryKey: ["analysis", id],
    enabled,
    queryFn: ({ signal }): Promise<Detail> => (id === EXAMPLE_ID ? fetchExample(signal) : fetchAnalysis(id, signal)),
    refetchInterval: ({ state }) => (state.data && !isRunning(state.data.status) ? false : RUNNING_INTERVAL),
    refetchIntervalInBackground: notificationState() === "on",
  });
}

/** Fetch an analysis with its result. */
export async function fetchAnalysis(id: string, signal?: AbortSignal): Promise<Detail> {
  const detail = await unwrap(api.GET("/analyses/{id}", { params: { path: { id } }, signal }));
  if (typeof detail === "string") throw new Error("expected JSON, received an export");
  return { ...detail, analysis: await loadResult(detail, signal) };
}

/** Return the result, from its own URL if it is too large for the API's response. */
async function loadResult({ analysis, resultUrl }: Detail, signal?: AbortSignal): Promise<Detail["analysis"]> {
  if (analysis || !resultUrl) return analysis;
  const response = await fetch(resultUrl, { signal });
  if (!response.ok) throw new Error(`GET ${resultUrl}: ${response.status}`);
  return (await response.json()) as Schemas["Analysis"];
}

/** Fetch a presigned URL of an analysis's video; it expires after some minutes. */
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

/** Cancel an analysis. If it has ended in the meantime, its final state is shown. */
export function useCancel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/analyses/{id}/cancel", { params: { path: { id } } })),
    onSuccess: (item) => show(queries, item),
    onSettled: (_item, _error, id) => queries.invalidateQueries({ queryKey: ["analysis", id] }),
  });
}
