"use client";

import { useState } from "react";

import { answered, api } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { ConfirmDialog } from "@/design/confirm-dialog";
import { Dialog } from "@/design/dialog";
import { Note } from "@/design/feedback";
import { Field } from "@/design/field";
import { useSession } from "@/features/auth/session";
import { useUsage } from "@/features/developers/queries";
import { download } from "@/lib/download";
import { useAction } from "@/lib/use-action";

import { AuditCard } from "./audit-card";
import { exportAccount } from "./export";
import { SecondFactorCard } from "./second-factor-card";

export function AccountView() {
  return (
    <div className="grid max-w-2xl gap-5">
      <Profile />
      <SecondFactorCard />
      <AuditCard />
      <ExportCard />
      <DeleteCard />
    </div>
  );
}

function Profile() {
  const { email, leave } = useSession();
  const { data: usage } = useUsage();
  const [asked, setAsked] = useState(false);
  const { busy, problem, run } = useAction(async () => {
    setAsked(false);
    await answered(api.POST("/account/sign-out"));
    await leave();
  }, explain);
  return (
    <Card title="You">
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-sm">
        <dt className="text-muted">Email</dt>
        <dd>{email}</dd>
        <dt className="text-muted">Plan</dt>
        <dd>{usage ? `${usage.plan}, ${usage.limit.toLocaleString("en-GB")} analyses a month` : "…"}</dd>
      </dl>
      {problem && (
        <Note tone="problem" className="mt-4">
          {problem}
        </Note>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button onClick={() => void leave()}>Sign out</Button>
        <Button busy={busy} onClick={() => setAsked(true)}>
          Sign out everywhere
        </Button>
      </div>
      {asked && (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out everywhere"
          onConfirm={() => void run()}
          onClose={() => setAsked(false)}
        >
          Every browser and device has to sign in again, this one too. API keys go on working.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function ExportCard() {
  const [done, setDone] = useState<number | null>(null);
  const { busy, problem, run } = useAction(async () => {
    setDone(0);
    download(await exportAccount(setDone), "video-sentiment.json");
    setDone(null);
  }, explain);
  return (
    <Card title="Your data">
      <p className="mb-4 text-sm text-muted">
        Every analysis with its result, your usage and your settings, as one JSON file. Videos are not in it; each plays
        on its analysis&apos;s page.
      </p>
      {problem && (
        <Note tone="problem" className="mb-4">
          {problem}
        </Note>
      )}
      <Button busy={busy} onClick={() => void run()}>
        Export everything
      </Button>
      {busy && (
        <p role="status" className="numbers mt-2 text-[13px] text-muted">
          {done} analyses so far
        </p>
      )}
    </Card>
  );
}

function DeleteCard() {
  const [asked, setAsked] = useState(false);
  return (
    <Card title="Delete the account">
      <p className="mb-4 text-sm text-muted">
        Sessions and API keys stop at once. Videos, results and records are then removed, usually within minutes; many
        thousands of analyses take longer. This cannot be undone.
      </p>
      <Button look="danger" onClick={() => setAsked(true)}>
        Delete my account
      </Button>
      {asked && <DeleteDialog onClose={() => setAsked(false)} />}
    </Card>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { email, leave } = useSession();
  const [typed, setTyped] = useState("");
  const { busy, problem, run } = useAction(async () => {
    await answered(api.DELETE("/account"));
    await leave();
  }, explain);
  return (
    <Dialog title="Delete the account?" onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && typed === email) void run();
        }}
      >
        <p className="text-sm text-muted">
          All analyses of <strong className="text-text">{email}</strong> go with it, for good.
        </p>
        {problem && <Note tone="problem">{problem}</Note>}
        <Field
          label="Type your email to confirm"
          type="email"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="flex gap-2">
          <Button type="submit" look="danger" busy={busy} disabled={typed !== email}>
            Delete everything
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </div>
      </form>
    </Dialog>
  );
}
