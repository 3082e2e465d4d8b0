import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Inbox } from '../support/inbox.ts'
import type { Namespace } from '../support/namespace.ts'
import type { FromAgent, ToAgent } from './agent-protocol.ts'

type Of<Type extends FromAgent['type']> = Extract<FromAgent, { type: Type }>

/** The test's end of an agent: everything that it told is kept, and can be waited for. */
export class AgentClient {
  readonly #child: ChildProcess
  readonly #inbox: Inbox<FromAgent>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#inbox = new Inbox(child)
  }

  static async start(namespace: Namespace, ...args: readonly string[]): Promise<AgentClient> {
    const agent = new AgentClient(namespace.fork(join(import.meta.dirname, 'agent.ts'), ...args))
    await agent.next('started')
    return agent
  }

  /** Takes the first message of this kind that fits, now or when it comes. */
  async next<Type extends FromAgent['type']>(
    type: Type,
    fits?: (message: Of<Type>) => boolean
  ): Promise<Of<Type>> {
    return this.#inbox.next(type, fits)
  }

  tell(message: ToAgent): void {
    this.#child.send(message)
  }

  /** Has all that was told before done, frames that it sent and received included. */
  async sync(): Promise<void> {
    this.tell({ type: 'sync' })
    await this.next('synced')
  }

  async interest(
    names: readonly string[],
    arp: readonly string[],
    ndp: readonly string[] = []
  ): Promise<void> {
    this.tell({ type: 'interest', names, arp, ndp })
    await this.sync()
  }

  async changeInterest(add: readonly string[], remove: readonly string[]): Promise<void> {
    this.tell({ type: 'changeInterest', add, remove })
    await this.sync()
  }

  async send(name: string, ...frames: readonly Uint8Array[]): Promise<readonly string[]> {
    this.tell({ type: 'send', name, frames })
    return (await this.next('sent')).results
  }

  async counters(): Promise<Of<'counters'>> {
    this.tell({ type: 'counters' })
    return this.next('counters')
  }

  /** Messages of this kind that were not taken. */
  waiting(type: FromAgent['type']): number {
    return this.#inbox.waiting(type)
  }
}
