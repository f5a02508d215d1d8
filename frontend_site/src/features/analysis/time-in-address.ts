import { useEffect } from "react";

import type { Playback } from "./playback";

const SETTLED = 300; // milliseconds without a further seek

/** Keep the position in the address as `?t=`, in seconds, so that a link leads to the moment; read it once. */
export function useTimeInAddress(playback: Playback) {
  useEffect(() => {
    const start = Number(new URLSearchParams(location.search).get("t") ?? "");
    if (start > 0) playback.seek(start);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = playback.subscribe(() => {
      clearTimeout(timer);
      if (!playback.playing) timer = setTimeout(() => write(playback.time), SETTLED);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [playback]);
}

/** Replace the address by one with this time, without a new entry in the history. */
function write(time: number) {
  const url = new URL(location.href);
  if (time > 0) url.searchParams.set("t", String(Number(time.toFixed(2))));
  else url.searchParams.delete("t");
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}
