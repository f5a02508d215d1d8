"use client";

import { useState } from "react";

import type { Schemas } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { CopyButton } from "@/design/copy";
import { Dialog } from "@/design/dialog";
import { Failure, Note } from "@/design/feedback";
import { SegmentedControl } from "@/design/segmented-control";

import { useShareActions, useShares } from "./queries";
import { DEFAULT_LIFETIME, describeShare, embedCode, LIFETIMES, type Lifetime } from "./texts";

interface Props {
  id: string;
  name: string;
  onClose: () => void;
}

/** Dialog to create, list and revoke the links to an analysis. */
export function ShareDialog({ id, name, onClose }: Props) {
  const [created, setCreated] = useState<Schemas["NewShare"] | null>(null);
  const { create, revoke } = useShareActions(id);
  const remove = async (shareId: string) => {
    await revoke.mutateAsync(shareId);
    if (created?.id === shareId) setCreated(null);
  };
  return (
    <Dialog title="Share this analysis" onClose={onClose}>
      <div className="grid gap-5">
        {created ? (
          <NewLink share={created} name={name} />
        ) : (
          <CreateForm create={create} onCreated={(share) => setCreated(share)} />
        )}
        {revoke.error && <Note tone="problem">{explain(revoke.error)}</Note>}
        <Links id={id} busy={revoke.isPending} onRevoke={(shareId) => void remove(shareId).catch(() => undefined)} />
      </div>
    </Dialog>
  );
}

interface CreateProps {
  create: ReturnType<typeof useShareActions>["create"];
  onCreated: (share: Schemas["NewShare"]) => void;
}

function CreateForm({ create, onCreated }: CreateProps) {
  const [lifetime, setLifetime] = useState<Lifetime>(DEFAULT_LIFETIME);
  const [includeVideo, setIncludeVideo] = useState(false);
  const submit = () => create.mutate({ expiresInHours: Number(lifetime), includeVideo }, { onSuccess: onCreated });
  return (
    <div className="grid gap-4">
      <p className="text-sm text-muted">
        Anyone with the link can read the transcript and the predictions, without an account. They see nothing else of
        yours and can change nothing.
      </p>
      {create.error && <Note tone="problem">{explain(create.error)}</Note>}
      <div className="grid justify-items-start gap-1.5">
        <p className="text-sm font-medium" aria-hidden="true">
          Expires after
        </p>
        <SegmentedControl label="Expires after" options={LIFETIMES} value={lifetime} onChange={setLifetime} />
      </div>
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          checked={includeVideo}
          onChange={(event) => setIncludeVideo(event.target.checked)}
          className="mt-0.5 size-4 shrink-0 accent-accent-fill"
        />
        <span>
          Include the video
          <span className="block text-[13px] text-muted">Only if the people shown agree.</span>
        </span>
      </label>
      <Button variant="primary" busy={create.isPending} onClick={submit} className="justify-self-start">
        Create link
      </Button>
    </div>
  );
}

function NewLink({ share, name }: { share: Schemas["NewShare"]; name: string }) {
  return (
    <div className="grid gap-4">
      <Note tone="warning">Copy the link now. It won&apos;t be shown again; you can always create another one.</Note>
      <Copyable label="Link" text={share.url} />
      <Copyable label="Embed code" text={embedCode(share.embedUrl, name)} />
    </div>
  );
}

function Copyable({ label, text }: { label: string; text: string }) {
  return (
    <div className="grid gap-1.5">
      <p className="text-sm font-medium">{label}</p>
      <div className="flex items-center gap-3 rounded-control border border-line bg-page py-2 pr-2 pl-3">
        <code className="min-w-0 flex-1 font-mono text-[13px] break-all">{text}</code>
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
      </div>
    </div>
  );
}

function Links({ id, busy, onRevoke }: { id: string; busy: boolean; onRevoke: (shareId: string) => void }) {
  const query = useShares(id);
  if (query.error) return <Failure message={explain(query.error)} onRetry={() => void query.refetch()} />;
  if (!query.data || query.data.length === 0) return null;
  return (
    <section className="grid gap-2 border-t border-line pt-4">
      <h3 className="text-sm">Active links</h3>
      <ul aria-label="Active links" className="grid gap-2">
        {query.data.map((share) => (
          <li key={share.id} className="flex items-center justify-between gap-3">
            <span className="numbers min-w-0 text-[13px] text-muted">{describeShare(share)}</span>
            <Button
              size="small"
              disabled={busy}
              onClick={() => onRevoke(share.id)}
              aria-label={`Revoke link: ${describeShare(share)}`}
            >
              Revoke
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
