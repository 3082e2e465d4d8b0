/** A pause that somebody else can end. One at a time. */
export class InterruptibleWait {
  #finish: (() => void) | undefined

  /** Resolves after `ms` milliseconds, by {@link interrupt} or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        this.#finish = undefined
        resolve()
      }
      const timer = setTimeout(finish, ms)
      signal.addEventListener('abort', finish, { once: true })
      this.#finish = finish
    })
  }

  /** Ends the pause that is under way, if any. */
  interrupt(): void {
    this.#finish?.()
  }
}
