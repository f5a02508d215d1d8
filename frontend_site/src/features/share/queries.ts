/** Queries and mutations of the links to an analysis. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";

type Share = Schemas["ShareItem"];

const keyOf = (id: string) => ["shares", id];

export function useShares(id: string) {
  return useQuery({
    queryKey: keyOf(id),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/analyses/{id}/shares", { params: { path: { id } }, signal }))).shares,
  });
}

/** Mutations of links. Each updates the cached list, because the API's list is eventually consistent. */
export function useShareActions(id: string) {
  const queries = useQueryClient();
  const change = (edit: (shares: Share[]) => Share[]) => {
    queries.setQueryData<Share[]>(keyOf(id), (shares) => shares && edit(shares));
  };
  const create = useMutation({
    mutationFn: (body: Schemas["ShareRequest"]) =>
      unwrap(api.POST("/analyses/{id}/shares", { params: { path: { id } }, body })),
    onSuccess: ({ token: _token, url: _url, embedUrl: _embedUrl, ...share }) => change((shares) => [share, ...shares]),
  });
  const revoke = useMutation({
    mutationFn: (share_id: string) =>
      unwrap(api.DELETE("/analyses/{id}/shares/{share_id}", { params: { path: { id, share_id } } })),
    onSuccess: (_, share_id) => change((shares) => shares.filter((share) => share.id !== share_id)),
  });
  return { create, revoke };
}
