import type { Item } from "./queries";

type Seen = Pick<Item, "id" | "status">;

const running = ({ status }: Seen) => status === "queued" || status === "processing";

/** Track analyses, and report those that were seen running and have ended since. */
export class FinishedTracker {
  #running = new Set<string>();

  /** Return the analyses that have ended since the last call. */
  update<T extends Seen>(items: readonly T[]): T[] {
    const ended = items.filter((item) => this.#running.has(item.id) && !running(item));
    for (const item of items) {
      if (running(item)) this.#running.add(item.id);
      else this.#running.delete(item.id);
    }
    return ended;
  }
}
