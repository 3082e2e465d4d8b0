/** Resolves after `ms` milliseconds, or at once when `signal` aborts. It never rejects: callers look at the signal. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish, { once: true })
  })
}

/** Lets I/O that is waiting be read before going on. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/** Milliseconds that never go backwards, whatever is done to the clock of the machine. */
export function monotonicNow(): number {
  return performance.now()
}
