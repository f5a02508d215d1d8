"use client";

import { useState } from "react";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { ConfirmDialog } from "@/design/confirm-dialog";
import { Dialog } from "@/design/dialog";
import { Note } from "@/design/feedback";
import { Field } from "@/design/field";
import { NotificationsCard } from "@/features/analyses/notifier";
import { useSession } from "@/features/auth/session";
import { useUsage } from "@/features/developers/queries";
import { download } from "@/lib/download";
import { capitalize } from "@/lib/format";
import { useAction } from "@/lib/use-action";

import { AuditCard } from "./audit-card";
import { exportAccount } from "./export";
import { PeopleSettingCard } from "./people-card";
import { SecondFactorCard } from "./second-factor-card";

export function AccountView() {
  return (
    <div className="grid max-w-2xl gap-5">
      <Profile />
      <SecondFactorCard />
      <PeopleSettingCard />
      <NotificationsCard />
      <AuditCard />
      <ExportCard />
      <DeleteCard />
    </div>
  );
}

function Profile() {
  const { email, signOut } = useSession();
  const { data: usage } = useUsage();
  const [confirming, setConfirming] = useState(false);
  const { busy, problem, run } = useAction(async () => {
    setConfirming(false);
    await unwrap(api.POST("/account/sign-out"));
    await signOut();
  }, explain);
  return (
    <Card title="Profile">
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-sm">
        <dt className="text-muted">Email</dt>
        <dd>{email}</dd>
        <dt className="text-muted">Plan</dt>
        <dd>{usage ? `${capitalize(usage.plan)}, ${usage.limit.toLocaleString("en-GB")} analyses per month` : "…"}</dd>
      </dl>
      {problem && (
        <Note tone="problem" className="mt-4">
          {problem}
        </Note>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button onClick={() => void signOut()}>Sign out</Button>
        <Button busy={busy} onClick={() => setConfirming(true)}>
          Sign out everywhere
        </Button>
      </div>
      {confirming && (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out everywhere"
          onConfirm={() => void run()}
          onClose={() => setConfirming(false)}
        >
          You will have to sign in again on every browser and device, including this one. API keys keep working.
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
        All analyses with their results, your usage and your settings, in one JSON file. Videos are not included; you
        can watch each on its analysis page.
      </p>
      {problem && (
        <Note tone="problem" className="mb-4">
          {problem}
        </Note>
      )}
      <Button busy={busy} onClick={() => void run()}>
        Export all data
      </Button>
      {busy && (
        <p role="status" className="numbers mt-2 text-[13px] text-muted">
          {done} analyses exported
        </p>
      )}
    </Card>
  );
}

function DeleteCard() {
  const [confirming, setConfirming] = useState(false);
  return (
    <Card title="Delete account">
      <p className="mb-4 text-sm text-muted">
        Sessions and API keys stop working immediately. Videos, results and records are then deleted, usually within
        minutes; many thousands of analyses take longer. This cannot be undone.
      </p>
      <Button variant="danger" onClick={() => setConfirming(true)}>
        Delete account
      </Button>
      {confirming && <DeleteDialog onClose={() => setConfirming(false)} />}
    </Card>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { email, signOut } = useSession();
  const [typed, setTyped] = useState("");
  const { busy, problem, run } = useAction(async () => {
    await unwrap(api.DELETE("/account"));
    await signOut();
  }, explain);
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && typed === email) void run();
        }}
      >
        <p className="text-sm text-muted">
          This permanently deletes all videos and results of <strong className="text-text">{email}</strong>.
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
          <Button type="submit" variant="danger" busy={busy} disabled={typed !== email}>
            Delete permanently
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}
