"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { generate } from "lean-qr";
import { toSvgPath } from "lean-qr/extras/svg";
import { useState } from "react";

import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { ConfirmDialog } from "@/design/confirm-dialog";
import { CopyButton } from "@/design/copy";
import { Dialog } from "@/design/dialog";
import { Failure, Note } from "@/design/feedback";
import { CodeField } from "@/features/auth/fields";
import { appCodeProblem, signInProblem } from "@/features/auth/messages";
import {
  hasSecondFactor,
  newSecret,
  disableSecondFactor,
  enableSecondFactor,
  type Secret,
} from "@/features/auth/second-factor";
import { useSession } from "@/features/auth/session";
import { download } from "@/lib/download";
import { useAction } from "@/lib/use-action";

const KEY = ["second-factor"];

/** State of two-step sign-in, with buttons to turn it on and off. */
export function SecondFactorCard() {
  const { email } = useSession();
  const queries = useQueryClient();
  const { data: enabled, error, refetch } = useQuery({ queryKey: KEY, queryFn: hasSecondFactor });
  const [secret, setSecret] = useState<Secret | null>(null);
  const [confirming, setConfirming] = useState(false);
  const begin = useAction(async () => setSecret(await newSecret(email)), signInProblem);
  const end = useAction(async () => {
    setConfirming(false);
    await disableSecondFactor();
    queries.setQueryData(KEY, false);
  }, signInProblem);
  const problem = begin.problem ?? end.problem;
  return (
    <Card title="Two-step sign-in">
      <p className="mb-4 text-sm text-muted">
        {enabled
          ? "On. After your password, you enter a code from your authenticator app."
          : "Protect your account with a code from an authenticator app in addition to your password."}
      </p>
      {problem && (
        <Note tone="problem" className="mb-4">
          {problem}
        </Note>
      )}
      {error && <Failure message={signInProblem(error)} onRetry={() => void refetch()} />}
      {enabled === false && (
        <Button busy={begin.busy} onClick={() => void begin.run()}>
          Turn on
        </Button>
      )}
      {enabled && (
        <Button busy={end.busy} onClick={() => setConfirming(true)}>
          Turn off
        </Button>
      )}
      {secret && (
        <SetUpDialog
          secret={secret}
          onClose={() => setSecret(null)}
          onDone={() => {
            setSecret(null);
            queries.setQueryData(KEY, true);
          }}
        />
      )}
      {confirming && (
        <ConfirmDialog
          title="Turn off two-step sign-in?"
          action="Turn off"
          onConfirm={() => void end.run()}
          onClose={() => setConfirming(false)}
        >
          You will then need only your password to sign in.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function saveSecret({ text, uri }: Secret): void {
  const content = `Secret for two-step sign-in to Video Sentiment. Keep it in a safe place.\n\n${text}\n${uri}\n`;
  download(new Blob([content], { type: "text/plain" }), "two-step-sign-in.txt");
}

function SetUpDialog({ secret, onClose, onDone }: { secret: Secret; onClose: () => void; onDone: () => void }) {
  const { busy, problem, run } = useAction(async (code: string) => {
    await enableSecondFactor(code);
    onDone();
  }, appCodeProblem);
  return (
    <Dialog title="Set up two-step sign-in" onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const code = new FormData(event.currentTarget).get("code");
          if (!busy && typeof code === "string") void run(code);
        }}
      >
        <p className="text-sm text-muted">
          Scan this QR code with an authenticator app, or enter the secret by hand. There are no recovery codes: save
          the secret in a safe place, since you need it to set up a new device if you lose this one.
        </p>
        <QrCode text={secret.uri} />
        <div className="flex items-center gap-3 rounded-control border border-line bg-page py-2 pr-2 pl-3">
          <code className="min-w-0 flex-1 font-mono text-[13px] break-all" data-testid="secret">
            {secret.text}
          </code>
          <CopyButton text={secret.text} label="Copy secret" />
        </div>
        <Button size="small" className="justify-self-start" onClick={() => saveSecret(secret)}>
          Save secret as a file
        </Button>
        {problem && <Note tone="problem">{problem}</Note>}
        <CodeField hint="The six-digit code that the app shows now." />
        <Button type="submit" variant="primary" busy={busy} className="justify-self-start">
          Turn on
        </Button>
      </form>
    </Dialog>
  );
}

const QUIET_ZONE = 4; // modules of white border, as ISO/IEC 18004 requires

/** QR code, dark on white in both color schemes: many scanners read nothing else. */
function QrCode({ text }: { text: string }) {
  const code = generate(text);
  const size = code.size + 2 * QUIET_ZONE;
  return (
    <svg
      viewBox={`${-QUIET_ZONE} ${-QUIET_ZONE} ${size} ${size}`}
      role="img"
      aria-label="QR code for the authenticator app"
      shapeRendering="crispEdges"
      className="w-48 justify-self-center rounded-control bg-white"
    >
      <path d={toSvgPath(code)} className="fill-black" />
    </svg>
  );
}
