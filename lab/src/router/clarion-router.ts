import { join } from 'node:path'
import { LabProcess } from '../lab-process.ts'
import { isMessage, READY_TIMEOUT_MS } from '../readiness.ts'
import type { Router, RouterConfig, RouterPlace, RouterSession } from './router.ts'

/** The lab's own router. */
export class ClarionRouter implements Router {
  readonly kind = 'clarion'
  readonly #place: RouterPlace
  readonly #established = new Map<string, number>()
  #config: RouterConfig | undefined
  #process: LabProcess | undefined

  constructor(place: RouterPlace) {
    this.#place = place
  }

  async start(config: RouterConfig): Promise<string> {
    this.#config = config
    const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
    const child = new LabProcess({
      name: 'router',
      prefix: this.#place.prefix,
      script: join(import.meta.dirname, `main.${extension}`),
      args: [JSON.stringify(config)],
      logFile: join(this.#place.directory, 'router.log')
    })
    this.#process = child
    child.start()
    child.onMessage((message) => this.#note(message))
    await child.waitFor((said) => isMessage(said, 'ready'), READY_TIMEOUT_MS)
    return "a router by Clarion's own bgp and bfd packages"
  }

  sessions(): Promise<readonly RouterSession[]> {
    const peers = this.#config?.peers ?? []
    return Promise.resolve(
      peers.map(({ address }) => ({ address, establishedAtMs: this.#established.get(address) }))
    )
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  #note(message: unknown): void {
    if (!isSession(message)) return
    if (message.establishedAtMs === undefined) this.#established.delete(message.address)
    else this.#established.set(message.address, message.establishedAtMs)
  }
}

function isSession(message: unknown): message is RouterSession {
  return typeof message === 'object' && message !== null && 'address' in message
}
