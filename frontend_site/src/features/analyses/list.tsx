"use client";

import { Clapperboard, SearchX } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { EmptyState, Failure, Loading } from "@/design/feedback";
import { SegmentedControl } from "@/design/segmented-control";
import { useExample } from "@/features/demonstration/example";

import { useAnalyses, type Status } from "./queries";
import { ExampleRow, Row } from "./row";

const FILTERS: { value: Status | "all"; label: string }[] = [
  { value: "all", label: "All" },
  { value: "queued", label: "Queued" },
  { value: "processing", label: "Processing" },
  { value: "completed", label: "Completed" },
  { value: "failed", label: "Failed" },
];

/** List of all analyses, newest first, that loads more on scroll; the example comes last. */
export function AnalysisList() {
  const [filter, setFilter] = useState<Status | "all">("all");
  const list = useAnalyses(filter === "all" ? undefined : filter);
  const example = useExample();
  const items = list.data?.pages.flatMap((page) => page.analyses) ?? [];
  return (
    <section aria-labelledby="analyses-title" className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="analyses-title" className="text-[15px]">
          Analyses
        </h2>
        <SegmentedControl label="Filter by status" options={FILTERS} value={filter} onChange={setFilter} />
      </div>
      {list.isPending && <Loading label="Loading analyses" />}
      {list.isError && <Failure message={explain(list.error)} onRetry={() => void list.refetch()} />}
      {items.length > 0 && (
        <ul className="card divide-y divide-line" aria-label="Analyses">
          {items.map((item) => (
            <Row key={item.id} item={item} />
          ))}
        </ul>
      )}
      {list.isSuccess && items.length === 0 && !list.hasNextPage && (
        <div className="card">
          {filter === "all" ? (
            <NoAnalyses hasExample={Boolean(example.data)} />
          ) : (
            <EmptyState icon={SearchX} title="No analyses with this status" />
          )}
        </div>
      )}
      {filter === "all" && list.isSuccess && !list.hasNextPage && example.data && (
        <ul className="card" aria-label="Example">
          <ExampleRow item={example.data} />
        </ul>
      )}
      {list.hasNextPage && <LoadMore busy={list.isFetchingNextPage} load={() => void list.fetchNextPage()} />}
    </section>
  );
}

function NoAnalyses({ hasExample }: { hasExample: boolean }) {
  return (
    <EmptyState icon={Clapperboard} title="No analyses yet">
      Drop a video above to see which emotions it shows, and when.
      {hasExample && " Or open the example below."}
    </EmptyState>
  );
}

/** Load the next page when scrolled into view, or on a click. */
function LoadMore({ busy, load }: { busy: boolean; load: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element || busy) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: "400px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, [busy, load]);
  return (
    <div ref={end} className="grid justify-items-center py-2">
      <Button busy={busy} onClick={load}>
        Show more
      </Button>
    </div>
  );
}
