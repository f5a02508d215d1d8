"use client";

import { useEffect, useRef } from "react";

/**
 * Draw pictures of a video at the given times, cut in the browser by a second, hidden player. Returns the `ref` of the
 * canvas of each time, which stays empty if the browser cannot play the video.
 */
export function useThumbnails(url: string | undefined, times: readonly number[]) {
  const canvases = useRef(new Map<number, HTMLCanvasElement>());
  const wanted = times.join(" ");
  useEffect(() => {
    if (!url || wanted === "") return;
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, preload: "auto", src: url });
    const queue = wanted.split(" ").map(Number);
    const next = () => {
      const time = queue[0];
      if (time === undefined) release(video);
      else video.currentTime = Math.min(time, Math.max(0, video.duration - 0.05));
    };
    const draw = () => {
      const canvas = canvases.current.get(queue.shift() ?? -1);
      if (canvas && video.videoWidth > 0) {
        canvas.width = WIDTH;
        canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
        canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
        canvas.dataset.drawn = "";
      }
      next();
    };
    video.addEventListener("loadeddata", next, { once: true });
    video.addEventListener("seeked", draw);
    return () => {
      video.removeEventListener("seeked", draw);
      release(video);
    };
  }, [url, wanted]);

  return (time: number) => (element: HTMLCanvasElement | null) => {
    if (element) canvases.current.set(time, element);
    else canvases.current.delete(time);
  };
}

const WIDTH = 240; // pixels: twice the displayed size

/** Stop loading. */
function release(video: HTMLVideoElement) {
  video.removeAttribute("src");
  video.load();
}
