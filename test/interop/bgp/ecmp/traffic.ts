import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Inbox } from '../../support/inbox.ts'
import type { Namespace } from '../../support/namespace.ts'
import type { FromClient, ToClient } from './traffic-protocol.ts'

const PORT = '7000'

type Of<Type extends FromClient['type']> = Extract<FromClient, { type: Type }>

/** Has a node answer for the service. */
export async function startService(node: Namespace, address: string, name: string): Promise<void> {
  const child = node.fork(join(import.meta.dirname, 'service.ts'), address, PORT, name)
  await once(child, 'message')
}

/** The test's end of a client of the service. */
export class Client {
  readonly #child: ChildProcess
  readonly #inbox: Inbox<FromClient>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#inbox = new Inbox(child)
  }

  static async start(host: Namespace, address: string, flows: number): Promise<Client> {
    const child = host.fork(join(import.meta.dirname, 'client.ts'), address, PORT, String(flows))
    const client = new Client(child)
    await client.#inbox.next('ready')
    return client
  }

  begin(): void {
    this.#tell({ type: 'begin' })
  }

  async look(): Promise<Of<'seen'>> {
    this.#tell({ type: 'look' })
    return this.#inbox.next('seen')
  }

  /** Stops, and says what was lost on the way. */
  async end(): Promise<Of<'ended'>> {
    this.#tell({ type: 'end' })
    return this.#inbox.next('ended')
  }

  #tell(message: ToClient): void {
    this.#child.send(message)
  }
}
