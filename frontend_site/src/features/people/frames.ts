/** Thumbnails of people: frames drawn in the browser from the video that the page plays. No image leaves it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { fetchVideoUrl } from "@/features/analyses/queries";

export interface Wanted {
  time: number; // seconds
  canvas: HTMLCanvasElement;
}

/** Draw frames of a video one after the other, and return a function that stops it. */
export function drawFrames(url: string, wanted: readonly Wanted[]): () => void {
  const video = document.createElement("video");
  const waiting = [...wanted];
  const stop = () => {
    video.onloadeddata = video.onseeked = null;
    video.removeAttribute("src");
    video.load(); // ends the download
  };
  const next = () => {
    const [first] = waiting;
    if (first) video.currentTime = Math.min(first.time, video.duration);
    else stop();
  };
  video.onloadeddata = next;
  video.onseeked = () => {
    const done = waiting.shift();
    if (done) draw(video, done.canvas);
    next();
  };
  Object.assign(video, { muted: true, preload: "auto", playsInline: true, src: url });
  return stop;
}

/** Draw the current frame; a canvas with a frame is marked so, as it is hidden without one. */
function draw(video: HTMLVideoElement, canvas: HTMLCanvasElement): void {
  if (video.videoWidth === 0) return;
  canvas.width = Math.round((canvas.height * video.videoWidth) / video.videoHeight);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  canvas.dataset.drawn = "";
}

/** Draw the frames at these times (seconds, by person) into the canvases of the returned list, by `data-person`. */
export function useFrames(id: string, times: ReadonlyMap<string, number>) {
  const list = useRef<HTMLUListElement>(null);
  const { data: url } = useQuery({
    queryKey: ["video", id],
    queryFn: ({ signal }) => fetchVideoUrl(id, signal),
    staleTime: Infinity, // shared with the player, which renews it
    enabled: times.size > 0,
  });
  const key = JSON.stringify([...times]);
  useEffect(() => {
    const canvases = list.current?.querySelectorAll<HTMLCanvasElement>("canvas[data-person]") ?? [];
    const wantedTimes = new Map(JSON.parse(key) as [string, number][]);
    const wanted = [...canvases].flatMap((canvas) => {
      const time = wantedTimes.get(canvas.dataset.person ?? "");
      return time === undefined ? [] : [{ time, canvas }];
    });
    return url && wanted.length > 0 ? drawFrames(url, wanted) : undefined;
  }, [url, key]);
  return list;
}
