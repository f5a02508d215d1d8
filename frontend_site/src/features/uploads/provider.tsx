"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

import { refreshLater, show } from "@/features/analyses/lists";
import { fetchAnalysis } from "@/features/analyses/queries";

import { UploadQueue, type Upload } from "./queue";
import { transport } from "./transport";

const QueueContext = createContext<UploadQueue | null>(null);

/** Return the queue and its current uploads. Only inside <UploadsProvider>. */
export function useUploads(): { queue: UploadQueue; uploads: readonly Upload[] } {
  const queue = use(QueueContext);
  if (!queue) throw new Error("useUploads must be used inside <UploadsProvider>");
  return { queue, uploads: useSyncExternalStore(queue.subscribe, queue.snapshot, queue.snapshot) };
}

/** Provide the upload queue, so that uploads continue while the user visits other pages. */
export function UploadsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [queue] = useState(
    () =>
      new UploadQueue(transport, (id) => {
        void queries.invalidateQueries({ queryKey: ["usage"] });
        void fetchAnalysis(id).then(
          (item) => show(queries, item),
          () => refreshLater(queries),
        );
      }),
  );
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (queue.busy) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [queue]);
  return <QueueContext value={queue}>{children}</QueueContext>;
}
