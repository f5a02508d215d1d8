"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { cx } from "@/design/cx";

import type { Playback } from "./playback";
import type { Utterance } from "./types";

interface Props {
  id: string;
  name: string;
  size: { width: number; height: number }; // in pixels; 0 without a video stream
  playback: Playback;
  captions?: string; // URL of a WebVTT file; without one, the utterances are the captions
  utterances?: readonly Utterance[];
  language?: string | null;
  url?: string; // of the video, if it is known
  fetchUrl: FetchUrl;
}

type FetchUrl = (signal: AbortSignal) => Promise<string>;

/** Query a video's presigned URL, which expires after some minutes. */
export function useVideoUrl(id: string, fetchUrl: FetchUrl, initialUrl?: string) {
  return useQuery({
    queryKey: ["video", id],
    queryFn: ({ signal }) => fetchUrl(signal),
    initialData: initialUrl,
    staleTime: Infinity, // a new URL would restart the video; `onError` of the player renews it
  });
}

/**
 * Player of a video, or of a sound file as a bar of controls. Its presigned URL expires after some minutes and is then
 * renewed.
 */
export function Player(props: Props) {
  const { id, name, size, playback, captions, utterances = [], language, url: initialUrl, fetchUrl } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [failures, setFailures] = useState(0);
  const source = useVideoUrl(id, fetchUrl, initialUrl);
  const { data: url, dataUpdatedAt: fetchedAt } = source;

  useEffect(() => (video.current && url ? playback.attach(video.current) : undefined), [playback, url, fetchedAt]);

  useEffect(() => {
    if (video.current && url && !captions) addCaptions(video.current, utterances, language ?? "");
  }, [url, fetchedAt, captions, utterances, language]);

  const onError = () => {
    // Retry once with a new URL, as this one may have expired. An unsupported file fails with every URL.
    if (failures === 0) void source.refetch();
    setFailures(failures + 1);
  };
  const broken = source.isError || failures > 1;
  return (
    <div className="overflow-hidden rounded-card border border-line bg-black">
      {/* `addCaptions` adds those of the utterances. */}
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
        className={cx("block w-full", size.width ? "max-h-[50vh] lg:max-h-[64vh]" : "h-14")}
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

/** Add the words as captions that the player can turn on. */
function addCaptions(video: HTMLVideoElement, utterances: readonly Utterance[], language: string) {
  const spoken = utterances.filter(({ text }) => text !== "");
  if (spoken.length === 0 || video.textTracks.length > 0) return;
  const track = video.addTextTrack("captions", "Captions", language);
  for (const { start_time, end_time, text } of spoken) track.addCue(new VTTCue(start_time, end_time, escaped(text)));
}

/** Escape text for a cue, which may contain markup. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
