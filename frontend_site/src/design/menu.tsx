"use client";

import { ChevronDown, type LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";

interface MenuProps<V extends string> {
  label: string;
  icon: LucideIcon;
  choices: readonly { value: V; label: string; hint: string }[];
  onChoose: (value: V) => void;
}

/** Button that opens a short list of actions. */
export function Menu<V extends string>({ label, icon: Icon, choices, onChoose }: MenuProps<V>) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const element = details.current;
      if (!element?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        element.querySelector("summary")?.focus();
      } else if (event.target instanceof Node && element.contains(event.target)) return;
      element.open = false;
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  const choose = (value: V) => {
    if (details.current) details.current.open = false;
    onChoose(value);
  };
  return (
    <details ref={details} className="relative">
      <summary className="inline-flex h-8 list-none items-center gap-2 rounded-control border border-line bg-surface px-3 text-[13px] font-medium hover:bg-hover [&::-webkit-details-marker]:hidden">
        <Icon className="size-4" aria-hidden="true" />
        {label}
        <ChevronDown className="size-3.5 text-muted" aria-hidden="true" />
      </summary>
      <ul className="card absolute right-0 z-20 mt-1 w-60 p-1 shadow-float max-sm:right-auto max-sm:left-0">
        {choices.map((choice) => (
          <li key={choice.value}>
            <button
              type="button"
              onClick={() => choose(choice.value)}
              className="flex w-full justify-between gap-4 rounded-[6px] px-3 py-2 text-left text-sm hover:bg-hover"
            >
              {choice.label}
              <span className="text-[13px] text-muted">{choice.hint}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
