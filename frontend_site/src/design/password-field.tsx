"use client";

import { useState, type ComponentProps } from "react";

import { Field } from "./field";

/** Password input with a button that shows what is typed. */
export function PasswordInput(props: Omit<ComponentProps<typeof Field>, "type" | "action">) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      action={
        <button
          type="button"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
          className="rounded-control px-1.5 text-[13px] text-accent hover:underline"
        >
          {shown ? "Hide" : "Show"}
          <span className="sr-only"> password</span>
        </button>
      }
    />
  );
}
