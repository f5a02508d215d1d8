import { useCallback, useState } from "react";

/** Run an asynchronous action and track whether it is in progress and the message of its last error. */
export function useAction<A extends unknown[]>(
  action: (...args: A) => Promise<void>,
  explain: (error: unknown) => string,
) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback(
    async (...args: A) => {
      setBusy(true);
      setProblem(null);
      try {
        await action(...args);
      } catch (error) {
        setProblem(explain(error));
      } finally {
        setBusy(false);
      }
    },
    [action, explain],
  );
  return { busy, problem, run };
}
