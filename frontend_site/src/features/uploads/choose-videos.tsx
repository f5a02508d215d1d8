"use client";

import { useRef, type ComponentProps } from "react";

import { Button } from "@/design/button";

import { ACCEPTED } from "./checks";
import { useUploads } from "./provider";

type Props = Omit<ComponentProps<typeof Button>, "onClick"> & {
  inputLabel: string; // accessible name of the hidden file input
  onChosen?: () => void;
};

/** Button that opens the file dialog and uploads the chosen files. */
export function ChooseVideos({ inputLabel, onChosen, ...button }: Props) {
  const { add } = useUploads();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...button} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        accept={ACCEPTED}
        aria-label={inputLabel}
        hidden
        onChange={(event) => {
          void add(event.currentTarget.files ?? []);
          event.currentTarget.value = ""; // so that the same file can be chosen again
          onChosen?.();
        }}
      />
    </>
  );
}
