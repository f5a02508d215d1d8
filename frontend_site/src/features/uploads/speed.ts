/** Upload speed over the last few seconds: an average since the start would hide changes of the network. */

const WINDOW = 5_000; // milliseconds

interface Sample {
  at: number; // milliseconds
  sent: number; // bytes
}

/** Moving average of the upload speed. */
export class SpeedMeter {
  #samples: Sample[] = [];

  /** Record the total bytes sent at a time in milliseconds. A smaller total resets the average. */
  record(sent: number, at: number): void {
    const last = this.#samples.at(-1);
    if (last && sent < last.sent) this.#samples = [];
    this.#samples.push({ at, sent });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
  }

  /** Bytes per second; null without enough samples. */
  get speed(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at - first.at < 250 || last.sent <= first.sent) return null;
    return (1000 * (last.sent - first.sent)) / (last.at - first.at);
  }
}
