const TIMEOUT_MS = 2000

/** Questions to another thread, each answered once, or after a while by what stands for no answer. */
export class Questions<Answer> {
  readonly #nothing: Answer
  readonly #asked = new Map<number, (answer: Answer) => void>()
  #lastId = 0

  /** @param nothing the answer of a thread that does not answer */
  constructor(nothing: Answer) {
    this.#nothing = nothing
  }

  async ask(send: (id: number) => void): Promise<Answer> {
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const timeout = setTimeout(() => resolve(this.#nothing), TIMEOUT_MS)
    this.#asked.set(id, resolve)
    send(id)
    try {
      return await promise
    } finally {
      clearTimeout(timeout)
      this.#asked.delete(id)
    }
  }

  answer(id: number, answer: Answer): void {
    this.#asked.get(id)?.(answer)
  }
}
