import type { ChildProcess } from 'node:child_process'

/** What a child process has told over IPC, kept until it is taken. */
export class Inbox<Message extends { readonly type: string }> {
  readonly #child: ChildProcess
  #messages: Message[] = []
  #wakers: (() => void)[] = []

  constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (message: Message) => {
      this.#messages.push(message)
      this.#wake()
    })
    child.on('exit', () => this.#wake())
  }

  /**
   * Takes the first message of this kind that fits, now or when it comes.
   *
   * @throws Error if the child ends before
   */
  async next<Type extends Message['type']>(
    type: Type,
    fits: (message: Extract<Message, { type: Type }>) => boolean = () => true
  ): Promise<Extract<Message, { type: Type }>> {
    const found = await this.#until(type, () =>
      this.#messages.find(
        (message): message is Extract<Message, { type: Type }> => isOf(message, type) && fits(message)
      )
    )
    this.#messages = this.#messages.filter((message) => message !== found)
    return found
  }

  /**
   * When the last message of this kind fits, now or later. For kinds that tell how things are; nothing is taken.
   *
   * @throws Error if the child ends before
   */
  async latest<Type extends Message['type']>(
    type: Type,
    fits: (message: Extract<Message, { type: Type }>) => boolean
  ): Promise<void> {
    await this.#until(type, () => {
      const last = this.#messages.findLast((message) => isOf(message, type))
      return last !== undefined && fits(last) ? last : undefined
    })
  }

  /** Messages of this kind that were not taken. */
  waiting(type: Message['type']): number {
    return this.#messages.filter((message) => message.type === type).length
  }

  async #until<Found>(type: Message['type'], find: () => Found | undefined): Promise<Found> {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the child has ended while ${type} was awaited`)
      // oxlint-disable-next-line no-await-in-loop -- one message after the other
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve)
      })
    }
  }

  #wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }
}

function isOf<Message extends { readonly type: string }, Type extends Message['type']>(
  message: Message,
  type: Type
): message is Extract<Message, { type: Type }> {
  return message.type === type
}
