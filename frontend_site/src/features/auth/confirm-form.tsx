"use client";

import { useState } from "react";

import { Button } from "@/design/button";
import { Note } from "@/design/feedback";
import { useAction } from "@/lib/use-action";

import { confirmSignUp, resendCode } from "./cognito";
import { EmailedCodeField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";

/** Second step of signing up: confirm the email address with the emailed code. */
export function ConfirmForm({ email, onConfirmed }: { email: string; onConfirmed: () => Promise<void> }) {
  const [resent, setResent] = useState(false);
  const confirm = useAction(async (code: string) => {
    await confirmSignUp(email, code);
    await onConfirmed();
  }, signInProblem);
  const resend = useAction(async () => {
    await resendCode(email);
    setResent(true);
  }, signInProblem);
  return (
    <AuthForm
      title="Confirm your email"
      intro={
        <>
          We sent a code to <strong className="text-text">{email}</strong>.
        </>
      }
      submit="Confirm"
      busy={confirm.busy}
      problem={confirm.problem ?? resend.problem}
      onSubmit={({ code = "" }) => void confirm.run(code)}
      below={
        <Button size="small" busy={resend.busy} onClick={() => void resend.run()} className="justify-self-start">
          Resend code
        </Button>
      }
    >
      {resent && <Note>We sent a new code.</Note>}
      <EmailedCodeField local="123456" />
    </AuthForm>
  );
}
