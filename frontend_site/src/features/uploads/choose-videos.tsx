"use client";

import { useRef, type ComponentProps } from "react";

import { Button } from "@/design/button";

import { ACCEPTED } from "./checks";
import { useUploads } from "./provider";

type Props = Omit<ComponentProps<typeof Button>, "onClick"> & {
  inputLabel: string; // names the input behind the button
  onChosen?: () => void;
};

/** A button that opens the file dialog; what is chosen there is uploaded. */
export function ChooseVideos({ inputLabel, onChosen, ...button }: Props) {
  const { queue } = useUploads();
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
          queue.add(event.currentTarget.files ?? []);
          event.currentTarget.value = ""; // the same file may be chosen again
          onChosen?.();
        }}
      />
    </>
  );
}
