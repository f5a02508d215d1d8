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
    <Dialog title="Create an API key" onClose={onClose}>
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
          hint="Where it is used, so that you know which to revoke."
        />
        <Choice label="Access" hint="Analyze: upload, start, cancel, delete and restore.">
          <SegmentedControl label="Access" options={ACCESS} value={access} onChange={setAccess} />
        </Choice>
        <Choice label="Expires after" hint="Replacing a key keeps its access and its expiry.">
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

/** The secret, this once. */
export function SecretDialog({ name, token, onClose }: { name: string; token: string; onClose: () => void }) {
  return (
    <Dialog title={`Your new key: ${name}`} onClose={onClose}>
      <div className="grid gap-4">
        <Note tone="warning">Copy it now and keep it like a password. It is not shown again.</Note>
        <div className="flex items-center gap-3 rounded-control border border-line bg-page py-2 pr-2 pl-3">
          <code className="min-w-0 flex-1 font-mono text-[13px] break-all" data-testid="token">
            {token}
          </code>
          <CopyButton text={token} label="Copy the key" />
        </div>
        <p className="text-[13px] text-muted">Until you leave this page, the code samples below hold it.</p>
        <Button variant="primary" onClick={onClose} className="justify-self-start">
          I have copied it
        </Button>
      </div>
    </Dialog>
  );
}
