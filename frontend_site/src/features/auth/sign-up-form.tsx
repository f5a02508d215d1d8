"use client";

import Link from "next/link";
import { useState } from "react";

import { useAction } from "@/lib/use-action";

import { signIn, signUp } from "./cognito";
import { ConfirmForm } from "./confirm-form";
import { EmailField, NewPasswordField } from "./fields";
import { AuthForm } from "./form";
import { signInProblem } from "./messages";
import { nextPage } from "./next-page";

interface Account {
  email: string;
  password: string;
}

export function SignUpForm() {
  const [account, setAccount] = useState<Account | null>(null);
  const create = useAction(async (email: string, password: string) => {
    await signUp(email, password);
    setAccount({ email, password });
  }, signInProblem);

  if (account) {
    const enter = async () => {
      await signIn(account.email, account.password);
      location.assign(nextPage(location.search));
    };
    return <ConfirmForm email={account.email} onConfirmed={enter} />;
  }
  return (
    <AuthForm
      title="Create an account"
      intro="10,000 free analyses per month."
      submit="Create account"
      busy={create.busy}
      problem={create.problem}
      onSubmit={({ email = "", password = "" }) => void create.run(email, password)}
      below={
        <p>
          Already have an account?{" "}
          <Link href="/sign-in/" className="text-accent underline">
            Sign in
          </Link>
        </p>
      }
    >
      <EmailField />
      <NewPasswordField />
    </AuthForm>
  );
}
