"use client";

import { Upload } from "lucide-react";
import { useEffect, useState } from "react";

import { cx } from "@/design/cx";
import { bytes } from "@/lib/format";
import { MAX_UPLOAD_BYTES } from "@/lib/limits";

import { ChooseVideos } from "./choose-videos";
import { useUploads } from "./provider";

/** Area to choose files; also accepts files dropped anywhere on the page. */
export function DropZone() {
  const { queue } = useUploads();
  const [over, setOver] = useState(false);

  useEffect(() => {
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const drag = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault(); // otherwise the browser navigates to the file
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(false);
      queue.add(event.dataTransfer?.files ?? []);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [queue]);

  return (
    <div
      className={cx(
        "grid justify-items-center gap-3 rounded-card border-2 border-dashed px-4 py-7 text-center transition-colors",
        over ? "border-accent bg-hover" : "border-line bg-surface",
      )}
    >
      <div>
        <p className="font-medium">{over ? "Release to upload" : "Drop videos or audio files here"}</p>
        <p className="text-[13px] text-muted">
          MP4, MOV, WebM, MKV, AVI, MP3, M4A, WAV, FLAC or Ogg, up to {bytes(MAX_UPLOAD_BYTES)} each
        </p>
      </div>
      <ChooseVideos variant="primary" inputLabel="Videos to analyze">
        <Upload className="size-4" aria-hidden="true" />
        Choose files
      </ChooseVideos>
    </div>
  );
}
