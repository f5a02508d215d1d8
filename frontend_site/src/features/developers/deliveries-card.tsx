"use client";

import { useState } from "react";

import { explain } from "@/api/errors";
import { Badge } from "@/design/badge";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { cx } from "@/design/cx";
import { Failure, Loading, Note } from "@/design/feedback";
import { when } from "@/lib/format";

import { describeEvent, describeOutcome, describeResponse, duration, type Delivery } from "./deliveries";
import { useDeliveries, useDelivery, useRedeliver } from "./queries";

/** Delivery log of the webhook, with redelivery. */
export function DeliveriesCard() {
  const log = useDeliveries();
  const deliveries = log.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <Card
      title="Webhook deliveries"
      aside={
        <Button size="small" busy={log.isRefetching} onClick={() => void log.refetch()}>
          Refresh
        </Button>
      }
    >
      <p className="mb-3 text-[13px] text-muted">
        Every attempt of the last 30 days, about 200 at most. A redelivered event keeps its ID and content.
      </p>
      {log.isPending && <Loading label="Loading deliveries" lines={2} />}
      {log.isError && <Failure message={explain(log.error)} onRetry={() => void log.refetch()} />}
      {log.data && deliveries.length === 0 && (
        <p className="text-sm text-muted">No deliveries yet. Send a test event, or analyze a video.</p>
      )}
      {deliveries.length > 0 && (
        <ul className="divide-y divide-line" aria-label="Webhook deliveries">
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} />
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

function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const redeliver = useRedeliver();
  const [newId, setNewId] = useState<string | null>(null);
  const name = `${describeEvent(delivery.eventType)}, attempt ${String(delivery.attempt)}`;
  return (
    <li className="grid gap-2 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-56">
          <p className="flex flex-wrap items-center gap-x-2 text-sm font-medium">
            {describeEvent(delivery.eventType)}
            {delivery.attempt > 1 && <Badge>Attempt {delivery.attempt}</Badge>}
            {delivery.redelivered && <Badge>Redelivered</Badge>}
          </p>
          <p className="numbers text-[13px]">
            <OutcomeText delivery={delivery} />
          </p>
          <p className="numbers text-[13px] text-muted">
            {when(new Date(delivery.at))} · {delivery.destination}
          </p>
          <p className="truncate font-mono text-xs text-muted" title={delivery.eventId}>
            {delivery.eventId}
          </p>
        </div>
        {!delivery.redelivered && newId === null && (
          <Button
            size="small"
            busy={redeliver.isPending}
            aria-label={`Redeliver ${name}`}
            onClick={() => redeliver.mutate(delivery.id, { onSuccess: ({ deliveryId }) => setNewId(deliveryId) })}
          >
            Redeliver
          </Button>
        )}
      </div>
      {redeliver.error && <Note tone="problem">{explain(redeliver.error)}</Note>}
      {newId !== null && <DeliveryOutcome id={newId} label="Redelivery" />}
    </li>
  );
}

function OutcomeText({ delivery }: { delivery: Delivery }) {
  const delivered = delivery.outcome === "delivered";
  return (
    <span className={cx("font-medium", delivered ? "text-success" : "text-danger")}>
      {describeOutcome(delivery)}{" "}
      <span className="font-normal text-muted">
        · {describeResponse(delivery)} · {duration(delivery.durationMs)}
      </span>
    </span>
  );
}

/** Outcome of an event that was just sent, once its attempt is in the log. */
export function DeliveryOutcome({ id, label }: { id: string; label: string }) {
  const { delivery, expired } = useDelivery(id);
  return (
    <p role="status" className="text-[13px]">
      {label}:{" "}
      {delivery ? (
        <OutcomeText delivery={delivery} />
      ) : (
        <span className="text-muted">{expired ? "no outcome yet; it will appear in the log." : "sending…"}</span>
      )}
    </p>
  );
}
