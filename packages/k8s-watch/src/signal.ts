/** A list of listeners. What a listener throws is a defect of the program: it is not caught, and stops nobody else. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Gives the function that ends the subscription. */
  subscribe(listener: (value: T) => void): () => void {
    // Wrapped, so that a function subscribed twice is called twice and ends twice.
    const entry = (value: T): void => listener(value)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  emit(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
