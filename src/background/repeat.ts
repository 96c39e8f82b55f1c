/** Carries out a task now and every so many milliseconds, never twice at a time. The timer keeps no process alive. */
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
      // What the end of the process cut short goes on at the next start.
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
