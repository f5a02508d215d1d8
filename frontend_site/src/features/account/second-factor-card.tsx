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
import { hasSecondFactor, newSecret, switchOff, switchOn, type Secret } from "@/features/auth/second-factor";
import { useSession } from "@/features/auth/session";
import { useAction } from "@/lib/use-action";

const KEY = ["second-factor"];

/** Whether signing in asks for the code of an app as well, and the switch. */
export function SecondFactorCard() {
  const { email } = useSession();
  const queries = useQueryClient();
  const { data: on, error, refetch } = useQuery({ queryKey: KEY, queryFn: hasSecondFactor });
  const [secret, setSecret] = useState<Secret | null>(null);
  const [asked, setAsked] = useState(false);
  const begin = useAction(async () => setSecret(await newSecret(email)), signInProblem);
  const end = useAction(async () => {
    setAsked(false);
    await switchOff();
    queries.setQueryData(KEY, false);
  }, signInProblem);
  const problem = begin.problem ?? end.problem;
  return (
    <Card title="Two-step sign-in">
      <p className="mb-4 text-sm text-muted">
        {on
          ? "On: after the password, signing in asks for the code that your authenticator app shows."
          : "A password alone can be stolen. With this on, signing in also asks for a code that an app on your phone shows."}
      </p>
      {problem && (
        <Note tone="problem" className="mb-4">
          {problem}
        </Note>
      )}
      {error && <Failure message={signInProblem(error)} onRetry={() => void refetch()} />}
      {on === false && (
        <Button busy={begin.busy} onClick={() => void begin.run()}>
          Switch it on
        </Button>
      )}
      {on && (
        <Button busy={end.busy} onClick={() => setAsked(true)}>
          Switch it off
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
      {asked && (
        <ConfirmDialog
          title="Switch two-step sign-in off?"
          action="Switch it off"
          onConfirm={() => void end.run()}
          onClose={() => setAsked(false)}
        >
          The password alone will then be enough to sign in.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function SetUpDialog({ secret, onClose, onDone }: { secret: Secret; onClose: () => void; onDone: () => void }) {
  const { busy, problem, run } = useAction(async (code: string) => {
    await switchOn(code);
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
          Scan this with an authenticator app, or type the secret into it. Keep the secret in a safe place as well: with
          it another device can take over from a lost one.
        </p>
        <QrCode text={secret.address} />
        <div className="flex items-center gap-3 rounded-control border border-line bg-page py-2 pr-2 pl-3">
          <code className="min-w-0 flex-1 font-mono text-[13px] break-all" data-testid="secret">
            {secret.text}
          </code>
          <CopyButton text={secret.text} label="Copy the secret" />
        </div>
        {problem && <Note tone="problem">{problem}</Note>}
        <CodeField hint="Six digits, as the app shows them now." />
        <Button type="submit" look="primary" busy={busy} className="justify-self-start">
          Switch it on
        </Button>
      </form>
    </Dialog>
  );
}

const QUIET_ZONE = 4; // modules of white around, as the standard asks for

/** Dark on white whatever the colors of the page: many scanners see nothing else. */
function QrCode({ text }: { text: string }) {
  const code = generate(text);
  const size = code.size + 2 * QUIET_ZONE;
  return (
    <svg
      viewBox={`${-QUIET_ZONE} ${-QUIET_ZONE} ${size} ${size}`}
      role="img"
      aria-label="QR code of the secret"
      shapeRendering="crispEdges"
      className="w-48 justify-self-center rounded-control bg-white"
    >
      <path d={toSvgPath(code)} className="fill-black" />
    </svg>
  );
}
