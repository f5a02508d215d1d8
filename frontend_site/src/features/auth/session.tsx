"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { createContext, use, useCallback, useEffect, useMemo, type ReactNode } from "react";

import { Failure } from "@/design/feedback";

import { currentEmail, signOut } from "./cognito";
import { signInProblem } from "./messages";

interface Session {
  email: string;
  leave: () => Promise<void>;
}

const SessionContext = createContext<Session | null>(null);

/** Who is signed in. Only below <SignedIn>. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("useSession needs <SignedIn> above it");
  return session;
}

/** Shows its children to signed-in users; sends everybody else to the sign-in page, which leads back here. */
export function SignedIn({ children }: { children: ReactNode }) {
  const router = useRouter();
  const queries = useQueryClient();
  const session = useQuery({ queryKey: ["session"], queryFn: currentEmail, staleTime: Infinity, retry: 1 });
  const signedOut = session.data === null;

  useEffect(() => {
    if (!signedOut) return;
    const here = location.pathname + location.search;
    router.replace(`/sign-in/?next=${encodeURIComponent(here)}`);
  }, [signedOut, router]);

  const leave = useCallback(async () => {
    await signOut().catch(() => undefined); // without a network the tokens here are gone all the same
    queries.clear();
    location.assign("/");
  }, [queries]);

  const email = session.data;
  const value = useMemo(() => (email ? { email, leave } : null), [email, leave]);
  if (session.isError) {
    return <Failure message={signInProblem(session.error)} onRetry={() => void session.refetch()} />;
  }
  return value && <SessionContext value={value}>{children}</SessionContext>;
}
