"use client";

import Link from "next/link";
import { useState } from "react";

import { useAction } from "@/lib/use-action";

import { confirmReset, requestReset, signIn } from "./cognito";
import { CodeField, EmailField, NewPasswordField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";

const BACK = (
  <p>
    <Link href="/sign-in/" className="text-accent underline">
      Back to signing in
    </Link>
  </p>
);

/** A new password: ask for a code, then give both. */
export function ForgotForm() {
  const [email, setEmail] = useState<string | null>(null);
  const ask = useAction(async (address: string) => {
    await requestReset(address);
    setEmail(address);
  }, signInProblem);
  const change = useAction(async (code: string, password: string) => {
    if (!email) return;
    await confirmReset(email, code, password);
    await signIn(email, password);
    location.assign("/dashboard/");
  }, signInProblem);

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
        <CodeField />
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
