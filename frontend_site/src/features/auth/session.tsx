"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { createContext, use, useCallback, useEffect, useMemo, type ReactNode } from "react";

import { Failure } from "@/design/feedback";

import { currentEmail, signInPage, signOut as endSession } from "./cognito";
import { signInProblem } from "./messages";

interface Session {
  email: string;
  /** End the session and go to the landing page. */
  signOut: () => Promise<void>;
}

const SessionContext = createContext<Session | null>(null);

/** Return the signed-in user's session. Only inside <SignedIn>. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession must be used inside <SignedIn>");
  return session;
}

/** Render the children for signed-in users; redirect others to the sign-in page, which returns here. */
export function SignedIn({ children }: { children: ReactNode }) {
  const router = useRouter();
  const queries = useQueryClient();
  const session = useQuery({ queryKey: ["session"], queryFn: currentEmail, staleTime: Infinity, retry: 1 });
  const signedOut = session.data === null;

  useEffect(() => {
    if (!signedOut) return;
    router.replace(signInPage());
  }, [signedOut, router]);

  const signOut = useCallback(async () => {
    await endSession().catch(() => undefined); // offline, the local tokens are removed all the same
    queries.clear();
    location.assign("/");
  }, [queries]);

  const email = session.data;
  const value = useMemo(() => (email ? { email, signOut } : null), [email, signOut]);
  if (session.isError) {
    return <Failure message={signInProblem(session.error)} onRetry={() => void session.refetch()} />;
  }
  return value && <SessionContext value={value}>{children}</SessionContext>;
}
