"use client";

import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useState } from "react";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { useAction } from "@/lib/use-action";

const UploadTermsDialog = lazy(async () => ({ default: (await import("./upload-terms-dialog")).UploadTermsDialog }));

const TERMS = queryOptions({
  queryKey: ["upload-terms"],
  queryFn: () => unwrap(api.GET("/account/upload-terms")),
  staleTime: Infinity,
});

/** Pass files on once the user has confirmed, once per account, that they may analyze the people shown. */
export function useUploadTerms(onAccepted: (files: readonly File[]) => void) {
  const queries = useQueryClient();
  const [held, setHeld] = useState<readonly File[]>([]);
  useQuery(TERMS); // loaded before files are chosen, and kept
  const add = useCallback(
    async (files: Iterable<File>) => {
      const chosen = [...files]; // the caller may empty its list meanwhile
      const terms = await queries.query({ ...TERMS, staleTime: "static" }).catch(() => null);
      if (terms?.acceptedAt) onAccepted(chosen);
      else setHeld((earlier) => [...earlier, ...chosen]);
    },
    [queries, onAccepted],
  );
  const accept = useAction(async () => {
    queries.setQueryData(TERMS.queryKey, await unwrap(api.POST("/account/upload-terms")));
    setHeld([]);
    onAccepted(held);
  }, explain);
  const dialog = held.length > 0 && (
    <Suspense>
      <UploadTermsDialog
        files={held.length}
        busy={accept.busy}
        problem={accept.problem}
        onAccept={() => void accept.run()}
        onClose={() => setHeld([])}
      />
    </Suspense>
  );
  return { add, dialog };
}
