"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { cx } from "@/design/cx";
import { fetchVideoUrl } from "@/features/analyses/queries";

import type { Playback } from "./playback";

interface Props {
  id: string;
  name: string;
  size: { width: number; height: number }; // in pixels; 0 without a video stream
  playback: Playback;
  captions?: string; // URL of a WebVTT file
}

/** Player of a video, or of a sound file as a bar of controls. Its presigned URL expires after some minutes and is then renewed. */
export function Player({ id, name, size, playback, captions }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [failures, setFailures] = useState(0);
  const source = useQuery({
    queryKey: ["video", id],
    queryFn: ({ signal }) => fetchVideoUrl(id, signal),
    staleTime: Infinity, // a new URL would restart the video; `onError` renews it
  });
  const { data: url, dataUpdatedAt: fetchedAt } = source;

  useEffect(() => (video.current && url ? playback.attach(video.current) : undefined), [playback, url, fetchedAt]);

  const onError = () => {
    // Retry once with a new URL, as this one may have expired. An unsupported file fails with every URL.
    if (failures === 0) void source.refetch();
    setFailures(failures + 1);
  };
  const broken = source.isError || failures > 1;
  return (
    <div className="overflow-hidden rounded-card border border-line bg-black">
      {/* The transcript is the text alternative; subtitles can be exported. */}
      {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        key={fetchedAt} // remounts the player even if the renewed URL is the same
        ref={video}
        src={url}
        // Only the aspect ratio matters: it reserves the space, so that nothing shifts when the video loads.
        width={size.width || undefined}
        height={size.height || undefined}
        controls
        playsInline
        preload="auto"
        aria-label={name}
        onError={onError}
        onLoadedData={() => setFailures(0)}
        className={cx("block w-full", size.width ? "max-h-[34vh]" : "h-14")}
      >
        {captions && <track kind="captions" src={captions} srcLang="en" label="English" />}
      </video>
      {broken && (
        <p className="bg-surface px-4 py-3 text-sm text-muted">
          This browser can&apos;t play the file. Everything else on this page still works.
        </p>
      )}
    </div>
  );
}
