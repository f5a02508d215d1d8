/** How fast bytes leave, over the last few seconds: an average since the start would hide a change of network. */

const WINDOW = 5_000; // milliseconds

interface Sample {
  at: number; // milliseconds
  sent: number; // bytes
}

export class SpeedMeter {
  #samples: Sample[] = [];

  /** Note that `sent` bytes in all had left at `at` milliseconds. Less than before: the file starts again. */
  note(sent: number, at: number): void {
    const last = this.#samples.at(-1);
    if (last && sent < last.sent) this.#samples = [];
    this.#samples.push({ at, sent });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
  }

  /** Bytes a second; null before there is anything to go by. */
  get speed(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at - first.at < 250 || last.sent <= first.sent) return null;
    return (1000 * (last.sent - first.sent)) / (last.at - first.at);
  }
}
