/**
 * Runs a task now and every so many milliseconds, never twice at the same time. The timer does not keep the process
 * alive.
 */
export function repeat(
  task: (signal: AbortSignal) => Promise<void>,
  milliseconds: number,
  onError: (error: unknown) => void,
): { stop(): void } {
  const stopped = new AbortController();
  const { signal } = stopped;
  let isUnderWay = false;

  const run = async () => {
    if (isUnderWay) {
      return;
    }
    isUnderWay = true;
    try {
      await task(signal);
    } catch (error) {
      // If the process ends during the task, the next start continues it.
      if (!signal.aborted) {
        onError(error);
      }
    } finally {
      isUnderWay = false;
    }
  };
  void run();
  const timer = setInterval(run, milliseconds).unref();
  return {
    stop: () => {
      clearInterval(timer);
      stopped.abort();
    },
  };
}
