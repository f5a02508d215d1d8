"use client";

import { useState } from "react";

import { useAction } from "@/lib/use-action";

import { AppCodeForm } from "./app-code-form";
import { confirmReset, requestReset, signIn } from "./cognito";
import { EntryLink } from "./entry-link";
import { EmailField, EmailedCodeField, NewPasswordField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";
import { nextPage } from "./next-page";

const BACK = (
  <p>
    <EntryLink href="/sign-in/">Back to sign in</EntryLink>
  </p>
);

function enter(): void {
  location.assign(nextPage(location.search));
}

/** Password reset: request a code, then enter it with a new password. */
export function ForgotForm() {
  const [email, setEmail] = useState<string | null>(null);
  const [needsAppCode, setNeedsAppCode] = useState(false);
  const request = useAction(async (address: string) => {
    await requestReset(address);
    setEmail(address);
  }, signInProblem);
  const change = useAction(async (code: string, password: string) => {
    if (!email) return;
    await confirmReset(email, code, password);
    if ((await signIn(email, password)) === "app-code") setNeedsAppCode(true);
    else enter();
  }, signInProblem);

  if (needsAppCode) return <AppCodeForm onSignedIn={enter} />;
  if (email) {
    return (
      <AuthForm
        title="Choose a new password"
        intro={
          <>
            If <strong className="text-text">{email}</strong> has an account, we sent it a code.
          </>
        }
        submit="Change password"
        busy={change.busy}
        problem={change.problem}
        onSubmit={({ code = "", password = "" }) => void change.run(code, password)}
        below={BACK}
      >
        <EmailedCodeField local="654321" />
        <NewPasswordField label="New password" />
      </AuthForm>
    );
  }
  return (
    <AuthForm
      title="Reset your password"
      intro="We'll email you a code to set a new password."
      submit="Send code"
      busy={request.busy}
      problem={request.problem}
      onSubmit={({ email: address = "" }) => void request.run(address)}
      below={BACK}
    >
      <EmailField />
    </AuthForm>
  );
}
