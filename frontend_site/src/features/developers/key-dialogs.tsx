"use client";

import { useState, type ReactNode } from "react";

import type { Schemas } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { CopyButton } from "@/design/copy";
import { Dialog } from "@/design/dialog";
import { Note } from "@/design/feedback";
import { Field } from "@/design/field";
import { SegmentedControl } from "@/design/segmented-control";
import { useAction } from "@/lib/use-action";

import { ACCESS, LIFETIMES } from "./key-texts";

interface CreateProps {
  create: (request: Schemas["KeyRequest"]) => Promise<Schemas["NewKey"]>;
  onCreated: (key: Schemas["NewKey"]) => void;
  onClose: () => void;
}

export function CreateKeyDialog({ create, onCreated, onClose }: CreateProps) {
  const [access, setAccess] = useState("full");
  const [lifetime, setLifetime] = useState("never");
  const { busy, problem, run } = useAction(async (name: string) => {
    const scopes = ACCESS.find(({ value }) => value === access)?.scopes;
    const expiresInDays = LIFETIMES.find(({ value }) => value === lifetime)?.days;
    onCreated(await create({ name, scopes, expiresInDays }));
  }, explain);
  return (
    <Dialog title="Create API key" onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const name = new FormData(event.currentTarget).get("name");
          if (!busy && typeof name === "string") void run(name.trim());
        }}
      >
        {problem && <Note tone="problem">{problem}</Note>}
        <Field
          label="Name"
          name="name"
          required
          maxLength={64}
          pattern=".*\S.*"
          hint="Where the key is used, so that you know which one to revoke."
        />
        <Choice label="Access" hint="Analyze: upload, start, cancel, delete and restore.">
          <SegmentedControl label="Access" options={ACCESS} value={access} onChange={setAccess} />
        </Choice>
        <Choice label="Expires after" hint="Replacing a key keeps its access and expiry.">
          <SegmentedControl label="Expires after" options={LIFETIMES} value={lifetime} onChange={setLifetime} />
        </Choice>
        <Button type="submit" variant="primary" busy={busy} className="justify-self-start">
          Create
        </Button>
      </form>
    </Dialog>
  );
}

function Choice({ label, hint, children }: { label: string; hint: string; children: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-1.5">
      <p className="text-sm font-medium" aria-hidden="true">
        {label}
      </p>
      {children}
      <p className="text-[13px] text-muted">{hint}</p>
    </div>
  );
}

/** Dialog that shows a new key's secret, which is not stored. */
export function SecretDialog({ name, token, onClose }: { name: string; token: string; onClose: () => void }) {
  return (
    <Dialog title={`New API key: ${name}`} onClose={onClose}>
      <div className="grid gap-4">
        <Note tone="warning">Copy this key now and store it securely. It won&apos;t be shown again.</Note>
        <div className="flex items-center gap-3 rounded-control border border-line bg-page py-2 pr-2 pl-3">
          <code className="min-w-0 flex-1 font-mono text-[13px] break-all" data-testid="token">
            {token}
          </code>
          <CopyButton text={token} label="Copy key" />
        </div>
        <p className="text-[13px] text-muted">The code samples on this page contain the key until you leave.</p>
        <Button variant="primary" onClick={onClose} className="justify-self-start">
          Done
        </Button>
      </div>
    </Dialog>
  );
}
