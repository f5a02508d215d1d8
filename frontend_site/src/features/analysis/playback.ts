/** One time for everything on the page: player, timeline, transcript. Works without a player, too. */

import { useSyncExternalStore } from "react";

export class Playback {
  #media: HTMLMediaElement | null = null;
  #time = 0;
  #frame = 0;
  readonly #listeners = new Set<() => void>();

  /** `duration` in seconds. */
  constructor(readonly duration: number) {}

  /** Seconds. */
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

  /** Follow a player, which goes to where we are. Returns how to let go of it. */
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
      void media.play().catch(() => undefined); // a browser may refuse; its button stays
    else media.pause();
  }

  /** Take over the player's time; while it plays, with every picture that the screen shows. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    if (!this.#media) return;
    // Until the file's head is there, a player says 0 whatever it was sent to.
    if (this.#media.readyState > 0) this.#time = this.#media.currentTime;
    this.#emit();
    if (!this.#media.paused) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #emit(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What `select` makes of the time; renders again only when that changes, so it must give primitive values. */
export function usePlayback<T extends string | number | boolean>(
  playback: Playback,
  select: (playback: Playback) => T,
): T {
  const value = () => select(playback);
  return useSyncExternalStore(playback.subscribe, value, value);
}
