"use client";

import { useEffect, useState } from "react";

import { Field } from "@/design/field";
import { siteConfig } from "@/lib/config";

// The rules of the user pool (stacks/constructs/auth.py); what a password still lacks, Cognito says.
const PASSWORD_RULES = "At least 12 characters, with a capital and a small letter, a digit and a symbol.";

export function EmailField({ value }: { value?: string }) {
  return <Field label="Email" name="email" type="email" autoComplete="username" required defaultValue={value} />;
}

export function PasswordField() {
  return <Field label="Password" name="password" type="password" autoComplete="current-password" required />;
}

export function NewPasswordField({ label = "Password" }: { label?: string }) {
  return (
    <Field
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      required
      minLength={12}
      hint={PASSWORD_RULES}
    />
  );
}

/** The code from a mail. `local` is the one that the emulator in Cognito's place takes, whatever it was told to check. */
export function MailedCodeField({ local }: { local: string }) {
  const isLocal = useLocalStage();
  return (
    <CodeField
      hint={
        isLocal ? `No mail leaves this machine: the code is ${local}.` : "Six digits, in the mail that we sent you."
      }
    />
  );
}

export function CodeField({ hint }: { hint: string }) {
  return (
    <Field
      label="Code"
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="[0-9]{6}"
      title="six digits"
      required
      hint={hint}
    />
  );
}

/** Whether the product runs on one machine, with an emulator in Cognito's place. */
function useLocalStage(): boolean {
  const [local, setLocal] = useState(false);
  useEffect(() => {
    siteConfig().then(
      ({ stage }) => setLocal(stage === "local"),
      () => undefined, // the form itself will say so
    );
  }, []);
  return local;
}
