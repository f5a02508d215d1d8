"use client";

import Link from "next/link";
import { useState } from "react";

import { Duties } from "@/features/legal/duties";
import { useAction } from "@/lib/use-action";

import { signIn, signUp } from "./cognito";
import { ConfirmForm } from "./confirm-form";
import { EntryLink } from "./entry-link";
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
          Already have an account? <EntryLink href="/sign-in/">Sign in</EntryLink>
        </p>
      }
    >
      <EmailField />
      <NewPasswordField />
      <section aria-label="Your duties" className="grid gap-2 rounded-control bg-page p-3 text-[13px]">
        <Duties />
        <p className="text-muted">
          See <TextLink href="/privacy/">how your data is handled</TextLink> and the{" "}
          <TextLink href="/terms/">terms</TextLink>.
        </p>
      </section>
    </AuthForm>
  );
}

function TextLink({ href, children }: { href: string; children: string }) {
  return (
    <Link href={href} prefetch={false} className="text-accent underline">
      {children}
    </Link>
  );
}
