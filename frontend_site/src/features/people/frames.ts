/** Thumbnails of people: frames drawn in the browser from the video that the page plays. No image leaves it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { fetchVideoUrl } from "@/features/analyses/queries";

import { cropOf } from "./crop";

/** Frame of a video, and the face in it as `cropOf` takes it. */
export interface Frame {
  time: number; // seconds
  box?: readonly number[] | null;
}

interface Wanted extends Frame {
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
    if (done) draw(video, done);
    next();
  };
  Object.assign(video, { muted: true, preload: "auto", playsInline: true, src: url });
  return stop;
}

/** Draw the current frame; a canvas with a frame is marked so, as it is hidden without one. */
function draw(video: HTMLVideoElement, { canvas, box }: Wanted): void {
  if (video.videoWidth === 0) return;
  const { x, y, width, height } = cropOf(box, { width: video.videoWidth, height: video.videoHeight });
  canvas.width = Math.round((canvas.height * width) / height);
  canvas.getContext("2d")?.drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height);
  canvas.dataset.drawn = "";
}

/** Draw these frames, by person, into the canvases of the returned list, by `data-person`. */
export function useFrames(id: string, frames: ReadonlyMap<string, Frame>) {
  const list = useRef<HTMLUListElement>(null);
  const { data: url } = useQuery({
    queryKey: ["video", id],
    queryFn: ({ signal }) => fetchVideoUrl(id, signal),
    staleTime: Infinity, // shared with the player, which renews it
    enabled: frames.size > 0,
  });
  const key = JSON.stringify([...frames]);
  useEffect(() => {
    const canvases = list.current?.querySelectorAll<HTMLCanvasElement>("canvas[data-person]") ?? [];
    const byPerson = new Map(JSON.parse(key) as [string, Frame][]);
    const wanted = [...canvases].flatMap((canvas) => {
      const frame = byPerson.get(canvas.dataset.person ?? "");
      return frame ? [{ ...frame, canvas }] : [];
    });
    return url && wanted.length > 0 ? drawFrames(url, wanted) : undefined;
  }, [url, key]);
  return list;
}
