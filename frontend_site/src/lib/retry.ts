/** Retry after transient errors: a broken connection, a busy server. Other errors are left to the caller. */

/** A failure that may not repeat. `after`: the delay that the server requested, in milliseconds. */
export class TransientError extends Error {
  override name = "TransientError";
  constructor(
    message: string,
    readonly after: number | null = null,
  ) {
    super(message);
  }
}

export interface Environment {
  /** Resolve after a delay in milliseconds; reject with the signal's reason if it aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Resolve once the browser reports that it is online. */
  online(signal: AbortSignal): Promise<void>;
}

export interface RetryOptions {
  signal: AbortSignal;
  attempts?: number;
  /** Called with true before a delay and with false after it. */
  onWait?: (waiting: boolean) => void;
  environment?: Environment;
}

const INITIAL_DELAY = 1_000; // milliseconds
const MAX_DELAY = 30_000; // milliseconds

/** Return the delay in milliseconds after a number of failures: exponential backoff with jitter. */
export function backoff(failures: number, random: number = Math.random()): number {
  const delay = Math.min(MAX_DELAY, INITIAL_DELAY * 2 ** (failures - 1));
  return delay * (0.5 + random / 2);
}

/** Run `task` until it succeeds or throws anything but a TransientError, at most `attempts` times. */
export async function withRetry<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts = 8, onWait, environment = browser } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      signal.throwIfAborted();
      return await task();
    } catch (error) {
      if (!(error instanceof TransientError) || failures >= attempts) throw error;
      onWait?.(true);
      await environment.online(signal);
      await environment.sleep(error.after ?? backoff(failures), signal);
      onWait?.(false);
    }
  }
}

const browser: Environment = {
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

/** Return a promise that `begin` resolves or the signal rejects. The function that `begin` returns cleans up after either. */
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
