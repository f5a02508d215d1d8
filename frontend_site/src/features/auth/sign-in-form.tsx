"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";

import { useAction } from "@/lib/use-action";

import { AppCodeForm } from "./app-code-form";
import { currentEmail, signIn } from "./cognito";
import { ConfirmForm } from "./confirm-form";
import { EntryLink } from "./entry-link";
import { EmailField, PasswordField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";
import { nextPage } from "./next-page";

interface Account {
  email: string;
  password: string;
}

function enter(): void {
  location.assign(nextPage(location.search));
}

export function SignInForm() {
  const router = useRouter();
  const [unconfirmed, setUnconfirmed] = useState<Account | null>(null);
  const [needsAppCode, setNeedsAppCode] = useState(false);
  const attempt = useAction(async (email: string, password: string) => {
    const step = await signIn(email, password);
    if (step === "signed-in") enter();
    else if (step === "confirm") setUnconfirmed({ email, password });
    else if (step === "app-code") setNeedsAppCode(true);
    else router.push(`/forgot-password/${location.search}`); // keeps the address
  }, signInProblem);

  // Users who are already signed in are sent on.
  useEffect(() => {
    currentEmail().then(
      (email) => email && enter(),
      () => undefined,
    );
  }, []);

  if (needsAppCode) return <AppCodeForm onSignedIn={enter} />;
  if (unconfirmed) {
    const { email, password } = unconfirmed;
    return <ConfirmForm email={email} onConfirmed={() => attempt.run(email, password)} />;
  }
  return (
    <AuthForm
      title="Sign in"
      submit="Sign in"
      busy={attempt.busy}
      problem={attempt.problem}
      onSubmit={({ email = "", password = "" }) => void attempt.run(email, password)}
      below={
        <>
          <p>
            New here? <EntryLink href="/sign-up/">Create an account</EntryLink>
          </p>
          <p>
            <EntryLink href="/forgot-password/">Forgot your password?</EntryLink>
          </p>
        </>
      }
    >
      <EmailField />
      <PasswordField />
    </AuthForm>
  );
}
