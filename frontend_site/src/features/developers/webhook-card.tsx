"use client";

import { useState } from "react";

import type { Schemas } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { CopyButton } from "@/design/copy";
import { Failure, Loading, Note } from "@/design/feedback";
import { Field } from "@/design/field";
import { useToast } from "@/design/toast";
import { when } from "@/lib/format";

import { DeliveryOutcome } from "./deliveries-card";
import { useWebhook, useWebhookActions } from "./queries";

/** Settings of the webhook that receives an event when an analysis ends. */
export function WebhookCard() {
  const webhook = useWebhook();
  return (
    <Card title="Webhook">
      <p className="mb-4 text-[13px] text-muted">
        When an analysis ends, we POST a signed event to this URL, retried until acknowledged. Each event has an ID, so
        that you can detect duplicates.
      </p>
      {webhook.isPending && <Loading label="Loading webhook" lines={1} />}
      {webhook.isError && <Failure message={explain(webhook.error)} onRetry={() => void webhook.refetch()} />}
      {webhook.data && <Settings key={webhook.data.url} {...webhook.data} />}
    </Card>
  );
}

function Settings({ url, secret, secretBeforeUntil }: Schemas["Webhook"]) {
  const { save, remove, rotate, test } = useWebhookActions();
  const toast = useToast();
  const [testId, setTestId] = useState<string | null>(null);
  const problem = save.error ?? remove.error ?? rotate.error ?? test.error;
  return (
    <div className="grid gap-4">
      {problem && <Note tone="problem">{explain(problem)}</Note>}
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const newUrl = new FormData(event.currentTarget).get("url");
          if (typeof newUrl === "string") save.mutate(newUrl.trim(), { onSuccess: () => toast("Webhook saved.") });
        }}
      >
        <Field
          label="Endpoint URL"
          name="url"
          type="url"
          required
          defaultValue={url ?? ""}
          placeholder="https://example.com/hooks"
          className="min-w-0 flex-1 basis-64"
        />
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save
        </Button>
      </form>
      {url !== null && (
        <>
          <Secret secret={secret} />
          {secretBeforeUntil !== null && (
            <Note tone="info">
              The previous secret is valid until {when(new Date(secretBeforeUntil))}; until then, events carry both
              signatures. Update your receiver with the new secret, or replace it again to invalidate the previous one
              immediately.
            </Note>
          )}
          <div className="flex flex-wrap gap-2">
            <Button
              size="small"
              busy={test.isPending}
              onClick={() =>
                test.mutate(undefined, {
                  onSuccess: ({ eventId, deliveryId }) => {
                    setTestId(deliveryId);
                    toast(`Sending test event ${eventId}.`);
                  },
                })
              }
            >
              Send test event
            </Button>
            <Button
              size="small"
              busy={rotate.isPending}
              onClick={() =>
                rotate.mutate(undefined, {
                  onSuccess: () => toast("Signing secret replaced. The previous one is valid for another day."),
                })
              }
            >
              Replace secret
            </Button>
            <Button size="small" busy={remove.isPending} onClick={() => remove.mutate()}>
              Remove
            </Button>
          </div>
          {testId !== null && <DeliveryOutcome key={testId} id={testId} label="Test event" />}
        </>
      )}
    </div>
  );
}

function Secret({ secret }: { secret: string }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="grid gap-1.5">
      <p className="text-sm font-medium">Signing secret</p>
      <div className="flex flex-wrap items-center gap-2">
        <code className="min-w-0 font-mono text-[13px] break-all">{shown ? secret : "•".repeat(24)}</code>
        <Button size="small" onClick={() => setShown(!shown)} aria-pressed={shown}>
          Show
        </Button>
        <CopyButton text={secret} label="Copy signing secret" />
      </div>
    </div>
  );
}
