import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Namespace } from '../support/namespace.ts'
import type { FromAgent, ToAgent } from './agent-protocol.ts'

type Of<Type extends FromAgent['type']> = Extract<FromAgent, { type: Type }>

/** The test's end of an agent: everything that it told is kept, and can be waited for. */
export class AgentClient {
  readonly #child: ChildProcess
  #inbox: FromAgent[] = []
  #wake: () => void = () => undefined

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (message: FromAgent) => {
      this.#inbox.push(message)
      this.#wake()
    })
    child.on('exit', () => this.#wake())
  }

  static async start(namespace: Namespace, ...args: readonly string[]): Promise<AgentClient> {
    const agent = new AgentClient(namespace.fork(join(import.meta.dirname, 'agent.ts'), ...args))
    await agent.next('started')
    return agent
  }

  /** Takes the first message of this kind that fits, now or when it comes. */
  async next<Type extends FromAgent['type']>(
    type: Type,
    fits: (message: Of<Type>) => boolean = () => true
  ): Promise<Of<Type>> {
    for (;;) {
      const found = this.#inbox.find((message): message is Of<Type> => isOf(message, type) && fits(message))
      if (found !== undefined) {
        this.#inbox = this.#inbox.filter((message) => message !== found)
        return found
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the agent has ended while ${type} was awaited`)
      // oxlint-disable-next-line no-await-in-loop -- one message after the other
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
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
    return this.#inbox.filter((message) => message.type === type).length
  }
}

function isOf<Type extends FromAgent['type']>(message: FromAgent, type: Type): message is Of<Type> {
  return message.type === type
}
