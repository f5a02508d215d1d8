/** Usage, keys and the webhook as the server has them. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api } from "@/api/client";

export function useUsage(month?: string) {
  return useQuery({
    queryKey: ["usage", month ?? "current"],
    queryFn: ({ signal }) => answered(api.GET("/usage", { params: { query: { month } }, signal })),
  });
}

export function useKeys() {
  return useQuery({
    queryKey: ["keys"],
    queryFn: async ({ signal }) => (await answered(api.GET("/keys", { signal }))).keys,
  });
}

export function useKeyActions() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["keys"] });
  const create = useMutation({
    mutationFn: (name: string) => answered(api.POST("/keys", { body: { name } })),
    onSuccess,
  });
  const rotate = useMutation({
    mutationFn: (id: string) => answered(api.POST("/keys/{id}/rotate", { params: { path: { id } } })),
    onSuccess,
  });
  const revoke = useMutation({
    mutationFn: (id: string) => answered(api.DELETE("/keys/{id}", { params: { path: { id } } })),
    onSuccess,
  });
  return { create, rotate, revoke };
}

const WEBHOOK = ["webhook"];

export function useWebhook() {
  return useQuery({ queryKey: WEBHOOK, queryFn: ({ signal }) => answered(api.GET("/webhook", { signal })) });
}

export function useWebhookActions() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: WEBHOOK });
  const save = useMutation({
    mutationFn: (url: string) => answered(api.PUT("/webhook", { body: { url } })),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: () => answered(api.DELETE("/webhook")), onSuccess });
  const rotate = useMutation({ mutationFn: () => answered(api.POST("/webhook/secret")), onSuccess });
  const test = useMutation({ mutationFn: () => answered(api.POST("/webhook/test")) });
  return { save, remove, rotate, test };
}
