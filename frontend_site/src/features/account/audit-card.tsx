"use client";

import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { Failure, Loading } from "@/design/feedback";
import { when } from "@/lib/format";

import { describeActor, describeEvent } from "./audit";

/** Audit log of the account: sign-ins, keys, the webhook, deletions. */
export function AuditCard() {
  const log = useInfiniteQuery({
    queryKey: ["audit-log"],
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/audit-log", { params: { query: { cursor: pageParam, limit: 10 } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.cursor ?? undefined,
    refetchOnMount: "always",
  });
  const events = log.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <Card title="Activity">
      <p className="mb-4 text-sm text-muted">
        Sign-ins, API key and webhook changes, and deleted, restored or cancelled analyses of the last 90 days.
      </p>
      {log.isPending && <Loading label="Loading activity" lines={3} />}
      {log.isError && <Failure message={explain(log.error)} onRetry={() => void log.refetch()} />}
      {log.data && events.length === 0 && <p className="text-sm text-muted">No activity yet.</p>}
      {events.length > 0 && (
        <ul className="divide-y divide-line" aria-label="Activity">
          {events.map((event, index) => (
            <li key={`${event.at}-${index}`} className="flex flex-wrap justify-between gap-x-4 py-2 text-sm">
              <span className="min-w-0 break-words">{describeEvent(event)}</span>
              <span className="numbers text-[13px] text-muted">
                {describeActor(event.by)} · {when(new Date(event.at))}
              </span>
            </li>
          ))}
        </ul>
      )}
      {log.hasNextPage && (
        <Button size="small" className="mt-3" busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Card>
  );
}
