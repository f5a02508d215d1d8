/** Playback position shared by player, timeline and transcript. Works without a player, too. */

import { useSyncExternalStore } from "react";

/** Observable playback position that follows a media element. */
export class Playback {
  #media: HTMLMediaElement | null = null;
  #time = 0;
  #frame = 0;
  readonly #listeners = new Set<() => void>();

  /** `duration`: of the video, in seconds. */
  constructor(readonly duration: number) {}

  /** Current position in seconds. */
  get time(): number {
    return this.#time;
  }

  get playing(): boolean {
    return this.#media !== null && !this.#media.paused;
  }

  get hasMedia(): boolean {
    return this.#media !== null;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Seek a player to the current position and follow it. Returns a function that detaches it. */
  attach(media: HTMLMediaElement): () => void {
    this.#media = media;
    if (this.#time > 0) media.currentTime = this.#time;
    const follow = () => this.#follow();
    const events = ["play", "pause", "seeking", "seeked", "timeupdate"] as const;
    for (const event of events) media.addEventListener(event, follow);
    return () => {
      for (const event of events) media.removeEventListener(event, follow);
      cancelAnimationFrame(this.#frame);
      if (this.#media === media) this.#media = null;
      this.#emit();
    };
  }

  seek(time: number): void {
    const target = Math.min(this.duration, Math.max(0, time));
    if (this.#media) this.#media.currentTime = target;
    this.#time = target;
    this.#emit();
  }

  toggle(): void {
    const media = this.#media;
    if (!media) return;
    if (media.paused)
      void media.play().catch(() => undefined); // autoplay may be blocked; the play button remains
    else media.pause();
  }

  /** Copy the player's position; while it plays, on every animation frame. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    if (!this.#media) return;
    // Before its metadata is loaded, a player reports 0 even after a seek.
    if (this.#media.readyState > 0) this.#time = this.#media.currentTime;
    this.#emit();
    if (!this.#media.paused) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #emit(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Return a value derived from the position. Rerenders only when the value changes, so it must be primitive. */
export function usePlayback<T extends string | number | boolean>(
  playback: Playback,
  select: (playback: Playback) => T,
): T {
  const value = () => select(playback);
  return useSyncExternalStore(playback.subscribe, value, value);
}
