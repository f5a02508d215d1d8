"use client";

import { KeyRound } from "lucide-react";
import { useState } from "react";

import type { Schemas } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { ConfirmDialog } from "@/design/confirm-dialog";
import { EmptyState, Failure, Loading } from "@/design/feedback";
import { useToast } from "@/design/toast";
import { when } from "@/lib/format";

import { CreateKeyDialog, SecretDialog } from "./key-dialogs";
import { describeAccess, describeExpiry } from "./key-texts";
import { useKeyActions, useKeys } from "./queries";

type Key = Schemas["KeyItem"];

/** Card to create, replace and revoke API keys. */
export function KeysCard({ onSecret }: { onSecret: (token: string) => void }) {
  const keys = useKeys();
  const { create, rotate, revoke } = useKeyActions();
  const toast = useToast();
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<Schemas["NewKey"] | null>(null);
  const [confirming, setConfirming] = useState<{ key: Key; action: "rotate" | "revoke" } | null>(null);

  const show = (key: Schemas["NewKey"]) => {
    setSecret(key);
    onSecret(key.token);
  };
  const onError = (error: unknown) => toast(explain(error));
  const perform = () => {
    if (!confirming) return;
    const { key, action } = confirming;
    setConfirming(null);
    if (action === "rotate") rotate.mutate(key.id, { onSuccess: show, onError });
    else
      revoke.mutate(key.id, {
        onSuccess: () => toast(`Revoked ${key.name}. Requests with this key are now rejected.`),
        onError,
      });
  };

  return (
    <Card
      title="API keys"
      aside={
        <Button size="small" variant="primary" onClick={() => setCreating(true)}>
          Create key
        </Button>
      }
    >
      {keys.isPending && <Loading label="Loading keys" lines={2} />}
      {keys.isError && <Failure message={explain(keys.error)} onRetry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && (
        <EmptyState icon={KeyRound} title="No keys yet">
          An API key lets your programs upload and analyze videos on your behalf.
        </EmptyState>
      )}
      {keys.data && keys.data.length > 0 && (
        <ul className="divide-y divide-line" aria-label="API keys">
          {keys.data.map((key) => (
            <KeyRow key={key.id} item={key} onAction={(action) => setConfirming({ key, action })} />
          ))}
        </ul>
      )}
      {creating && (
        <CreateKeyDialog
          create={(request) => create.mutateAsync(request)}
          onCreated={(key) => {
            setCreating(false);
            show(key);
          }}
          onClose={() => setCreating(false)}
        />
      )}
      {secret && <SecretDialog name={secret.name} token={secret.token} onClose={() => setSecret(null)} />}
      {confirming && (
        <ConfirmDialog
          title={`${confirming.action === "rotate" ? "Replace" : "Revoke"} ${confirming.key.name}?`}
          action={confirming.action === "rotate" ? "Replace" : "Revoke"}
          onConfirm={perform}
          onClose={() => setConfirming(null)}
        >
          Requests with the current key are rejected immediately.
          {confirming.action === "rotate" && " Update your programs with the new key."}
        </ConfirmDialog>
      )}
    </Card>
  );
}

function KeyRow({ item, onAction }: { item: Key; onAction: (action: "rotate" | "revoke") => void }) {
  const lastUsed = item.lastUsedAt ? `last used ${when(new Date(item.lastUsedAt))}` : "never used";
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate text-sm font-medium">{item.name}</p>
        <p className="numbers text-[13px] text-muted">
          <code className="font-mono">{item.prefix}…</code> · created {when(new Date(item.createdAt))} · {lastUsed}
        </p>
        <p className="numbers text-[13px] text-muted">
          {describeAccess(item.scopes)} · {describeExpiry(item.expiresAt)}
        </p>
      </div>
      <div className="flex gap-2">
        <Button size="small" onClick={() => onAction("rotate")} aria-label={`Replace ${item.name}`}>
          Replace
        </Button>
        <Button size="small" onClick={() => onAction("revoke")} aria-label={`Revoke ${item.name}`}>
          Revoke
        </Button>
      </div>
    </li>
  );
}
