import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Inbox } from '../support/inbox.ts'
import type { Namespace } from '../support/namespace.ts'
import type { AnsweringInterface, FromResponder, ToResponder } from './responder-protocol.ts'

type Of<Type extends FromResponder['type']> = Extract<FromResponder, { type: Type }>

/** The test's end of a responder. */
export class ResponderClient {
  readonly #child: ChildProcess
  readonly #inbox: Inbox<FromResponder>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#inbox = new Inbox(child)
  }

  static async start(namespace: Namespace): Promise<ResponderClient> {
    const responder = new ResponderClient(namespace.fork(join(import.meta.dirname, 'responder.ts')))
    await responder.#inbox.next('started')
    return responder
  }

  /** Has it answer for these addresses, and announce them as the packages say. */
  async want(...addresses: readonly string[]): Promise<void> {
    await this.#apply({ type: 'want', addresses })
  }

  /** Has it answer for these addresses, announced at these times only; the empty list is never. */
  async wantAnnounced(delaysMs: readonly number[], ...addresses: readonly string[]): Promise<void> {
    await this.#apply({ type: 'want', addresses, delaysMs })
  }

  async drop(...addresses: readonly string[]): Promise<void> {
    await this.#apply({ type: 'drop', addresses })
  }

  /** When it answers on an interface of which this is true. */
  async answersOn(facts: Partial<AnsweringInterface>): Promise<void> {
    const { name, mac, hasCarrier } = facts
    await this.#inbox.latest('answering', ({ interfaces }) =>
      interfaces.some(
        (found) =>
          (name ?? found.name) === found.name &&
          (mac ?? found.mac) === found.mac &&
          (hasCarrier ?? found.hasCarrier) === found.hasCarrier
      )
    )
  }

  /** When it has no interface of this name to answer on. */
  async leaves(name: string): Promise<void> {
    await this.#inbox.latest('answering', ({ interfaces }) =>
      interfaces.every((found) => found.name !== name)
    )
  }

  async conflict(fits?: (conflict: Of<'conflict'>) => boolean): Promise<Of<'conflict'>> {
    return this.#inbox.next('conflict', fits)
  }

  /** Conflicts that were told and not taken. */
  get conflicts(): number {
    return this.#inbox.waiting('conflict')
  }

  async counters(): Promise<Of<'counters'>> {
    this.#child.send({ type: 'counters' } satisfies ToResponder)
    return this.#inbox.next('counters')
  }

  /** As the death of a node: it says nothing more. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  async #apply(message: ToResponder): Promise<void> {
    this.#child.send(message)
    await this.#inbox.next('applied')
  }
}
