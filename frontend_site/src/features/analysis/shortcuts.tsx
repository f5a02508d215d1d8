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
  ["Space or K", "Play or pause"],
  ["J and L", `Back or forward ${SKIP} seconds`],
  ["P and N", "Previous or next utterance"],
  ["?", "Show this list"],
] as const;

/** Single-key shortcuts, with a dialog that lists them and can turn them off (WCAG 2.1.4). */
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
      if (!action || event.ctrlKey || event.metaKey || event.altKey || isHandledByTarget(event)) return;
      event.preventDefault();
      action();
    };
    // Browsers click a button when Space is released.
    const release = (event: KeyboardEvent) => {
      if (event.key === " " && playsBySpace(event.target)) event.preventDefault();
    };
    addEventListener("keydown", press);
    addEventListener("keyup", release);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("keyup", release);
    };
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
            {KEYS.map(([keys, action]) => (
              <div key={keys} className="contents">
                <dt className="font-medium">{keys}</dt>
                <dd className="text-muted">{action}</dd>
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
            Enable keyboard shortcuts
          </label>
        </Dialog>
      )}
    </>
  );
}

/** True if the focused element handles the key itself. */
function isHandledByTarget(event: KeyboardEvent): boolean {
  if (!(event.target instanceof Element)) return false;
  if (event.target.closest("input, textarea, select, dialog")) return true;
  if (event.key !== " " || playsBySpace(event.target)) return false;
  return event.target.closest("button, a, video, summary") !== null;
}

/** True for text that seeks when it is clicked, where Space plays all the same and Enter seeks. */
function playsBySpace(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[data-space=plays]") !== null;
}
