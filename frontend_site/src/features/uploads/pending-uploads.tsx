"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { useToast } from "@/design/toast";
import { bytes, when } from "@/lib/format";

import { useUploads } from "./provider";

type Pending = Schemas["PendingUpload"];
const PENDING = ["pending-uploads"];

/** Pending uploads that were started elsewhere or before this page was loaded. */
export function PendingUploads() {
  const { uploads } = useUploads();
  const hasOwn = uploads.length > 0; // this page's uploads are pending, too, and shown with their progress
  const pending = useQuery({
    queryKey: PENDING,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/uploads", { signal }))).uploads,
    enabled: !hasOwn,
  });
  if (hasOwn || !pending.data || pending.data.length === 0) return null;
  return (
    <Card title="Pending uploads">
      <p className="mb-3 text-[13px] text-muted">
        Started in another tab or by a program, and not analyzed yet. Each counts toward your limit of pending uploads
        until it is analyzed, abandoned or expires.
      </p>
      <ul aria-label="Pending uploads" className="divide-y divide-line">
        {pending.data.map((upload) => (
          <PendingRow key={upload.id} upload={upload} />
        ))}
      </ul>
    </Card>
  );
}

function PendingRow({ upload }: { upload: Pending }) {
  const queries = useQueryClient();
  const toast = useToast();
  const abandon = useMutation({
    mutationFn: () => unwrap(api.DELETE("/uploads/{id}", { params: { path: { id: upload.id } } })),
    onSuccess: () =>
      queries.setQueryData<Pending[]>(PENDING, (uploads) => uploads?.filter(({ id }) => id !== upload.id)),
    onError: (error) => toast(explain(error)),
  });
  const size = upload.size === null ? "size unknown" : bytes(upload.size);
  const name = `Upload ${upload.id.slice(0, 8)}`;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-48">
        <p className="text-sm font-medium">{name}</p>
        <p className="numbers text-[13px] text-muted">
          {size} · started {when(new Date(upload.createdAt))}
          {upload.expiresAt && ` · expires ${when(new Date(upload.expiresAt))}`}
        </p>
      </div>
      <Button size="small" busy={abandon.isPending} onClick={() => abandon.mutate()} aria-label={`Abandon ${name}`}>
        Abandon
      </Button>
    </li>
  );
}
