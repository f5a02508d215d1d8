"use client";

import { useAction } from "@/lib/use-action";

import { confirmSignIn } from "./cognito";
import { CodeField } from "./fields";
import { AuthForm } from "./form";
import { appCodeProblem } from "./messages";

/** Second step of signing in, for accounts with two-step sign-in. */
export function AppCodeForm({ onSignedIn }: { onSignedIn: () => void }) {
  const { busy, problem, run } = useAction(async (code: string) => {
    await confirmSignIn(code);
    onSignedIn();
  }, appCodeProblem);
  return (
    <AuthForm
      title="Two-step sign-in"
      submit="Sign in"
      busy={busy}
      problem={problem}
      onSubmit={({ code = "" }) => void run(code)}
      below={
        <>
          <p>Lost your authenticator app? Ask the operator of this service to turn off two-step sign-in for you.</p>
          <p>
            {/* Not a client-side link: the page must start over, as Cognito's session ends after three minutes. */}
            <a href="/sign-in/" className="text-accent underline">
              Back to sign in
            </a>
          </p>
        </>
      }
    >
      <CodeField hint="The six-digit code that your authenticator app shows now." />
    </AuthForm>
  );
}
