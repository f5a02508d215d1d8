"use client";

import { useEffect, useState } from "react";

import { Field } from "@/design/field";
import { PasswordInput } from "@/design/password-field";
import { siteConfig } from "@/lib/config";

// The user pool's password policy (stacks/constructs/auth.py); Cognito enforces it.
const PASSWORD_RULES = "At least 12 characters, with uppercase and lowercase letters, a digit and a symbol.";

// Address typed on one of the sign-in pages, so that the next one need not ask again. Lost when the page is reloaded.
let typedAddress = "";

export function EmailField() {
  return (
    <Field
      label="Email"
      name="email"
      type="email"
      autoComplete="username"
      required
      defaultValue={typedAddress}
      onChange={(event) => {
        typedAddress = event.currentTarget.value;
      }}
    />
  );
}

export function PasswordField() {
  return <PasswordInput label="Password" name="password" autoComplete="current-password" required />;
}

export function NewPasswordField({ label = "Password" }: { label?: string }) {
  return (
    <PasswordInput
      label={label}
      name="password"
      autoComplete="new-password"
      required
      minLength={12}
      hint={PASSWORD_RULES}
    />
  );
}

/** Code from an email. `local` is the fixed code of the Cognito emulator. */
export function EmailedCodeField({ local }: { local: string }) {
  const isLocal = useLocalStage();
  return (
    <CodeField
      hint={isLocal ? `No email is sent on this machine. Use the code ${local}.` : "The six-digit code from the email."}
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
      title="Six digits"
      required
      hint={hint}
    />
  );
}

/** True if the product runs locally, with an emulator instead of Cognito. */
function useLocalStage(): boolean {
  const [local, setLocal] = useState(false);
  useEffect(() => {
    siteConfig().then(
      ({ stage }) => setLocal(stage === "local"),
      () => undefined, // submitting the form reports it
    );
  }, []);
  return local;
}
