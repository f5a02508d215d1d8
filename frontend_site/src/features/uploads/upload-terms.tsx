"use client";

import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { Note } from "@/design/feedback";
import { Duties } from "@/features/legal/duties";
import { count } from "@/lib/format";
import { useAction } from "@/lib/use-action";

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
    <UploadTermsDialog
      files={held.length}
      busy={accept.busy}
      problem={accept.problem}
      onAccept={() => void accept.run()}
      onClose={() => setHeld([])}
    />
  );
  return { add, dialog };
}

interface DialogProps {
  files: number;
  busy: boolean;
  problem: string | null;
  onAccept: () => void;
  onClose: () => void;
}

function UploadTermsDialog({ files, busy, problem, onAccept, onClose }: DialogProps) {
  return (
    <Dialog title="Before your first upload" onClose={onClose}>
      <form
        className="grid gap-4 text-sm"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onAccept();
        }}
      >
        <Duties />
        <label className="flex items-start gap-2.5 rounded-control border border-line p-3 font-medium">
          <input type="checkbox" required className="mt-0.5 size-4 shrink-0" />
          <span>
            I may analyze the people shown in the videos that I upload, and I inform them where the law requires it.
          </span>
        </label>
        {problem && <Note tone="problem">{problem}</Note>}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" variant="primary" busy={busy}>
            Confirm and upload {count(files, "file")}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
        <p className="text-[13px] text-muted">You confirm this once per account.</p>
      </form>
    </Dialog>
  );
}
