"use client";

import { useAction } from "@/lib/use-action";

import { confirmSignIn } from "./cognito";
import { CodeField } from "./fields";
import { AuthForm } from "./form";
import { appCodeProblem } from "./messages";

/** The second step of signing in, for those who have switched it on. */
export function AppCodeForm({ onSignedIn }: { onSignedIn: () => void }) {
  const { busy, problem, run } = useAction(async (code: string) => {
    await confirmSignIn(code);
    onSignedIn();
  }, appCodeProblem);
  return (
    <AuthForm
      title="One more step"
      submit="Sign in"
      busy={busy}
      problem={problem}
      onSubmit={({ code = "" }) => void run(code)}
      below={
        <>
          <p>Lost your app? Whoever runs this service can switch the second step off.</p>
          <p>
            {/* Loaded anew: the password counts for three minutes. */}
            <a href="/sign-in/" className="text-accent underline">
              Start again
            </a>
          </p>
        </>
      }
    >
      <CodeField hint="Six digits, as your authenticator app shows them now." />
    </AuthForm>
  );
}
