"use client";

import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import { refreshLater, show } from "@/features/analyses/lists";
import { fetchAnalysis } from "@/features/analyses/queries";

import { UploadQueue, type Upload } from "./queue";
import { transport } from "./transport";
import { useUploadTerms } from "./upload-terms";

interface Uploads {
  queue: UploadQueue;
  /** Upload files, once the user has confirmed that they may analyze the people shown. */
  add: (files: Iterable<File>) => Promise<void>;
}

const UploadsContext = createContext<Uploads | null>(null);

/** Return the queue and its current uploads. Only inside <UploadsProvider>. */
export function useUploads(): Uploads & { uploads: readonly Upload[] } {
  const context = use(UploadsContext);
  if (!context) throw new Error("useUploads must be used inside <UploadsProvider>");
  const { queue } = context;
  return { ...context, uploads: useSyncExternalStore(queue.subscribe, queue.snapshot, queue.snapshot) };
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
  const { add, dialog } = useUploadTerms(useCallback((files) => queue.add(files), [queue]));
  const context = useMemo(() => ({ queue, add }), [queue, add]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (queue.busy) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [queue]);
  return (
    <UploadsContext value={context}>
      {children}
      {dialog}
    </UploadsContext>
  );
}
