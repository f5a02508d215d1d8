"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { fetchVideoUrl } from "@/features/analyses/queries";

import type { Playback } from "./playback";

interface Props {
  id: string;
  name: string;
  size: { width: number; height: number }; // 0 where it has no picture
  playback: Playback;
  captions?: string; // address of a WebVTT file
}

/** The video itself, by a URL that works for some minutes and is then asked for anew. */
export function Player({ id, name, size, playback, captions }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [failures, setFailures] = useState(0);
  const source = useQuery({
    queryKey: ["video", id],
    queryFn: ({ signal }) => fetchVideoUrl(id, signal),
    staleTime: Infinity, // another URL would start the video again; an error asks for one
  });
  const { data: url, dataUpdatedAt: asked } = source;

  useEffect(() => (video.current && url ? playback.attach(video.current) : undefined), [playback, url, asked]);

  const onError = () => {
    // Once more with another URL: this one may have run out. A file that browsers do not play fails with every URL.
    if (failures === 0) void source.refetch();
    setFailures(failures + 1);
  };
  const broken = source.isError || failures > 1;
  return (
    <div className="overflow-hidden rounded-card border border-line bg-black">
      {/* The transcript below is its text alternative; subtitles are among the exports. */}
      {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        key={asked} // the same URL again, within a second, must be tried again as well
        ref={video}
        src={url}
        // Only their ratio counts: it keeps the place, so that nothing below moves when the video comes.
        width={size.width || 16}
        height={size.height || 9}
        controls
        playsInline
        preload="auto"
        aria-label={name}
        onError={onError}
        onLoadedData={() => setFailures(0)}
        className="block max-h-[34vh] w-full"
      >
        {captions && <track kind="captions" src={captions} srcLang="en" label="English" />}
      </video>
      {broken && (
        <p className="bg-surface px-4 py-3 text-sm text-muted">
          This browser cannot play the video; everything else on this page works.
        </p>
      )}
    </div>
  );
}
