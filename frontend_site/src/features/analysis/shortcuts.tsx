"use client";

import { Keyboard } from "lucide-react";
import { useEffect, useState } from "react";

import { IconButton } from "@/design/button";
import { Dialog } from "@/design/dialog";

import type { Playback } from "./playback";
import { nextStart, previousStart } from "./timeline";
import type { Analysis } from "./types";

const SKIP = 5; // seconds
const STORED = "shortcuts";

const KEYS = [
  ["Space or K", "play or pause"],
  ["J and L", `${SKIP} seconds back or forward`],
  ["P and N", "previous or next utterance"],
  ["?", "this list"],
] as const;

/** Single keys for the whole page, with the list of them, where they can be turned off (WCAG 2.1.4). */
export function Shortcuts({ analysis, playback }: { analysis: Analysis; playback: Playback }) {
  const [open, setOpen] = useState(false);
  const [enabled, setEnabled] = useState(() => localStorage.getItem(STORED) !== "off");

  useEffect(() => {
    if (!enabled) return;
    const { utterances } = analysis;
    const actions: Record<string, () => void> = {
      " ": () => playback.toggle(),
      k: () => playback.toggle(),
      j: () => playback.seek(playback.time - SKIP),
      l: () => playback.seek(playback.time + SKIP),
      p: () => playback.seek(previousStart(utterances, playback.time)),
      n: () => playback.seek(nextStart(utterances, playback.time, playback.duration)),
      "?": () => setOpen(true),
    };
    const press = (event: KeyboardEvent) => {
      const action = actions[event.key.toLowerCase()];
      if (!action || event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [analysis, playback, enabled]);

  const choose = (on: boolean) => {
    setEnabled(on);
    localStorage.setItem(STORED, on ? "on" : "off");
  };
  return (
    <>
      <IconButton label="Keyboard shortcuts" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden="true" />
      </IconButton>
      {open && (
        <Dialog title="Keyboard shortcuts" onClose={() => setOpen(false)}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
            {KEYS.map(([keys, does]) => (
              <div key={keys} className="contents">
                <dt className="font-medium">{keys}</dt>
                <dd className="text-muted">{does}</dd>
              </div>
            ))}
          </dl>
          <label className="mt-5 flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={enabled}
              onChange={(event) => choose(event.target.checked)}
              className="size-4 accent-accent-fill"
            />
            Use these keys
          </label>
        </Dialog>
      )}
    </>
  );
}

/** Whether the element that has the focus wants the key itself. */
function isTaken(event: KeyboardEvent): boolean {
  if (!(event.target instanceof Element)) return false;
  if (event.target.closest("input, textarea, select, dialog")) return true;
  return event.key === " " && event.target.closest("button, a, video, summary") !== null;
}
