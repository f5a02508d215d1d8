"use client";

import type { ReactNode } from "react";

import { Button } from "@/design/button";
import { Note } from "@/design/feedback";

interface FormProps {
  title: string;
  intro?: ReactNode;
  submit: string;
  busy: boolean;
  problem: string | null;
  onSubmit: (values: Record<string, string>) => void;
  children: ReactNode;
  below?: ReactNode;
}

/** Form of the sign-in pages. `onSubmit` receives the inputs' values by name. */
export function AuthForm({ title, intro, submit, busy, problem, onSubmit, children, below }: FormProps) {
  return (
    <>
      <h1 className="text-2xl">{title}</h1>
      {intro && <div className="mt-1.5 text-sm text-muted">{intro}</div>}
      <form
        className="mt-6 grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const values = [...new FormData(event.currentTarget)].map(([name, value]) => [
            name,
            typeof value === "string" ? value.trim() : "",
          ]);
          if (!busy) onSubmit(Object.fromEntries(values) as Record<string, string>);
        }}
      >
        {problem && <Note tone="problem">{problem}</Note>}
        {children}
        <Button type="submit" variant="primary" busy={busy} className="mt-1 w-full">
          {submit}
        </Button>
      </form>
      {below && <div className="mt-6 grid gap-2 border-t border-line pt-4 text-sm text-muted">{below}</div>}
    </>
  );
}
