"use client";

import Link from "next/link";
import { useState } from "react";

import { useAction } from "@/lib/use-action";

import { AppCodeForm } from "./app-code-form";
import { confirmReset, requestReset, signIn } from "./cognito";
import { EmailField, MailedCodeField, NewPasswordField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";

const BACK = (
  <p>
    <Link href="/sign-in/" className="text-accent underline">
      Back to signing in
    </Link>
  </p>
);

function enter(): void {
  location.assign("/dashboard/");
}

/** A new password: ask for a code, then give both. */
export function ForgotForm() {
  const [email, setEmail] = useState<string | null>(null);
  const [codeAsked, setCodeAsked] = useState(false);
  const ask = useAction(async (address: string) => {
    await requestReset(address);
    setEmail(address);
  }, signInProblem);
  const change = useAction(async (code: string, password: string) => {
    if (!email) return;
    await confirmReset(email, code, password);
    if ((await signIn(email, password)) === "app-code") setCodeAsked(true);
    else enter();
  }, signInProblem);

  if (codeAsked) return <AppCodeForm onSignedIn={enter} />;
  if (email) {
    return (
      <AuthForm
        title="Choose a new password"
        intro={
          <>
            If <strong className="text-text">{email}</strong> has an account, a code is on its way there.
          </>
        }
        submit="Change password"
        busy={change.busy}
        problem={change.problem}
        onSubmit={({ code = "", password = "" }) => void change.run(code, password)}
        below={BACK}
      >
        <MailedCodeField local="654321" />
        <NewPasswordField label="New password" />
      </AuthForm>
    );
  }
  return (
    <AuthForm
      title="Forgot your password?"
      intro="We send a code to your address; with it you choose a new one."
      submit="Send the code"
      busy={ask.busy}
      problem={ask.problem}
      onSubmit={({ email: address = "" }) => void ask.run(address)}
      below={BACK}
    >
      <EmailField />
    </AuthForm>
  );
}
