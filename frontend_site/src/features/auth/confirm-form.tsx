"use client";

import { useState } from "react";

import { Button } from "@/design/button";
import { Note } from "@/design/feedback";
import { useAction } from "@/lib/use-action";

import { confirmSignUp, resendCode } from "./cognito";
import { MailedCodeField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";

/** The second step of an account: the code from the mail. */
export function ConfirmForm({ email, onConfirmed }: { email: string; onConfirmed: () => Promise<void> }) {
  const [sentAgain, setSentAgain] = useState(false);
  const confirm = useAction(async (code: string) => {
    await confirmSignUp(email, code);
    await onConfirmed();
  }, signInProblem);
  const resend = useAction(async () => {
    await resendCode(email);
    setSentAgain(true);
  }, signInProblem);
  return (
    <AuthForm
      title="Confirm your address"
      intro={
        <>
          A code is on its way to <strong className="text-text">{email}</strong>.
        </>
      }
      submit="Confirm"
      busy={confirm.busy}
      problem={confirm.problem ?? resend.problem}
      onSubmit={({ code = "" }) => void confirm.run(code)}
      below={
        <Button size="small" busy={resend.busy} onClick={() => void resend.run()} className="justify-self-start">
          Send another code
        </Button>
      }
    >
      {sentAgain && <Note>Another code is on its way.</Note>}
      <MailedCodeField local="123456" />
    </AuthForm>
  );
}
