/** Queries and mutations of usage, API keys and the webhook. */

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";

export function useUsage(month?: string) {
  return useQuery({
    queryKey: ["usage", month ?? "current"],
    queryFn: ({ signal }) => unwrap(api.GET("/usage", { params: { query: { month } }, signal })),
  });
}

type Key = Schemas["KeyItem"];
const KEYS = ["keys"];

export function useKeys() {
  return useQuery({
    queryKey: KEYS,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/keys", { signal }))).keys,
  });
}

/** Mutations of API keys. Each updates the cached list, because the API's list is eventually consistent. */
export function useKeyActions() {
  const queries = useQueryClient();
  const change = (edit: (keys: Key[]) => Key[]) => {
    queries.setQueryData<Key[]>(KEYS, (keys) => keys && edit(keys));
  };
  const create = useMutation({
    mutationFn: (body: Schemas["KeyRequest"]) => unwrap(api.POST("/keys", { body })),
    onSuccess: ({ token: _, ...key }) => change((keys) => [key, ...keys]),
  });
  const rotate = useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/keys/{id}/rotate", { params: { path: { id } } })),
    onSuccess: ({ token: _, ...key }, id) => change((keys) => keys.map((old) => (old.id === id ? key : old))),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/keys/{id}", { params: { path: { id } } })),
    onSuccess: (_, id) => change((keys) => keys.filter((key) => key.id !== id)),
  });
  return { create, rotate, revoke };
}

const WEBHOOK = ["webhook"];
const DELIVERIES = ["deliveries"];

export function useWebhook() {
  return useQuery({ queryKey: WEBHOOK, queryFn: ({ signal }) => unwrap(api.GET("/webhook", { signal })) });
}

export function useWebhookActions() {
  const queries = useQueryClient();
  const onSuccess = () => {
    void queries.invalidateQueries({ queryKey: DELIVERIES });
    return queries.invalidateQueries({ queryKey: WEBHOOK });
  };
  const save = useMutation({
    mutationFn: (url: string) => unwrap(api.PUT("/webhook", { body: { url } })),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: () => unwrap(api.DELETE("/webhook")), onSuccess });
  const rotate = useMutation({ mutationFn: () => unwrap(api.POST("/webhook/secret")), onSuccess });
  const test = useMutation({ mutationFn: () => unwrap(api.POST("/webhook/test")) });
  return { save, remove, rotate, test };
}

export function useDeliveries() {
  return useInfiniteQuery({
    queryKey: [...DELIVERIES, "log"],
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/webhook/deliveries", { params: { query: { cursor: pageParam, limit: 10 } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    refetchOnMount: "always",
  });
}

export function useRedeliver() {
  return useMutation({
    mutationFn: (id: string) => unwrap(api.POST("/webhook/deliveries/{id}/redeliver", { params: { path: { id } } })),
  });
}

const POLL_MS = 1500;
const POLLS = 40; // a minute; an account's earlier events may be delivered first

/** Wait for an attempt to appear in the delivery log, and then refresh the log. */
export function useDelivery(id: string) {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["delivery", id],
    queryFn: async ({ signal }) => {
      const { deliveries } = await unwrap(api.GET("/webhook/deliveries", { params: { query: { limit: 25 } }, signal }));
      const delivery = deliveries.find((each) => each.id === id) ?? null;
      if (delivery) void queries.invalidateQueries({ queryKey: DELIVERIES });
      return { delivery };
    },
    refetchInterval: ({ state }) => (state.data?.delivery || state.dataUpdateCount >= POLLS ? false : POLL_MS),
    select: ({ delivery }) => delivery,
    staleTime: Infinity,
  });
  const polls = queries.getQueryState(["delivery", id])?.dataUpdateCount ?? 0;
  return { delivery: found.data ?? null, expired: polls >= POLLS };
}
