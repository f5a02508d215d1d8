/** Try again after what may pass: no network, a server that is busy. Everything else is for the caller. */

/** The network failed, or a server said that trying again makes sense. `after` in milliseconds. */
export class TransientError extends Error {
  override name = "TransientError";
  constructor(
    message: string,
    readonly after: number | null = null,
  ) {
    super(message);
  }
}

export interface Surroundings {
  /** Resolves after so many milliseconds; rejects with the signal's reason when it aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Resolves once the browser believes to be online. */
  online(signal: AbortSignal): Promise<void>;
}

export interface RetryOptions {
  signal: AbortSignal;
  attempts?: number;
  /** Called with true before a wait, with false after it. */
  onWait?: (waiting: boolean) => void;
  surroundings?: Surroundings;
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

/** Milliseconds to wait after a number of failures: doubled each time, with jitter so that clients spread out. */
export function waitAfter(failures: number, random: number = Math.random()): number {
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return wait * (0.5 + random / 2);
}

/** Run `task` until it does not throw a TransientError, at most `attempts` times. */
export async function withRetry<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = 8, onWait, surroundings = browser } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      signal.throwIfAborted();
      return await task();
    } catch (error) {
      if (!(error instanceof TransientError) || failures >= attempts) throw error;
      onWait?.(true);
      await surroundings.online(signal);
      await surroundings.sleep(error.after ?? waitAfter(failures), signal);
      onWait?.(false);
    }
  }
}

const browser: Surroundings = {
  sleep: (milliseconds, signal) =>
    settle(signal, (done) => {
      const timer = setTimeout(done, milliseconds);
      return () => clearTimeout(timer);
    }),
  online: (signal) =>
    settle(signal, (done) => {
      if (navigator.onLine) done();
      addEventListener("online", done);
      return () => removeEventListener("online", done);
    }),
};

/** A promise that `begin` resolves or the signal rejects; what `begin` returns cleans up after either. */
function settle(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  let cleanUp: (() => void) | undefined;
  let abort: (() => void) | undefined;
  return new Promise<void>((resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort);
    cleanUp = begin(resolve);
    if (signal.aborted) abort();
  }).finally(() => {
    if (abort) signal.removeEventListener("abort", abort);
    cleanUp?.();
  });
}
