import { LabProcess, type LabProcessOptions } from '../lab-process.ts'
import type { Outage, ProbeResult } from './prober.ts'
import type { ClientReply, ClientRequest } from './protocol.ts'

/** An entry of the client's neighbour table, as `ip -json neigh` has it. */
export interface Neighbour {
  readonly dst: string
  readonly lladdr?: string
  readonly state?: readonly string[]
}

type Body<T> = T extends unknown ? Omit<T, 'id'> : never

/** The client host: asks its process in the namespace, and waits for the answers. */
export class Client {
  readonly #process: LabProcess
  readonly #waiting = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }
  >()
  #lastId = 0

  constructor(options: Omit<LabProcessOptions, 'script'>) {
    const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js'
    this.#process = new LabProcess({ ...options, script: `${import.meta.dirname}/main.${extension}` })
  }

  start(): void {
    this.#process.start()
    this.#process.onMessage((message) => this.#settle(message))
    void this.#process
      .exited()
      .then(() => this.#rejectAll(new Error(`the process of ${this.#process.name} ended`)))
  }

  /** Wall-clock time (ms since the epoch) of the first whole answer; `undefined` if there was none in time. */
  async reach(
    url: string,
    timeoutMs: number,
    signal: AbortSignal
  ): Promise<{ body: string; endedAt: number } | undefined> {
    const id = this.#lastId + 1
    const cancel = (): void => void this.#ask({ type: 'cancel', target: id })
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return (await this.#ask({ type: 'reach', url, timeoutMs })) as
        | { body: string; endedAt: number }
        | undefined
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** One request on a connection of its own. */
  async probe(url: string, timeoutMs: number): Promise<ProbeResult> {
    return (await this.#ask({ type: 'probe', url, timeoutMs })) as ProbeResult
  }

  /** One datagram from a port of its own, and what came back; `undefined` if nothing did. */
  async sendDatagram(address: string, port: number, timeoutMs: number): Promise<string | undefined> {
    return (await this.#ask({ type: 'datagram', address, port, timeoutMs })) as string | undefined
  }

  async neighbours(): Promise<readonly Neighbour[]> {
    return (await this.#ask({ type: 'neighbours' })) as readonly Neighbour[]
  }

  /** A request every 10 ms, each on a connection of its own, until {@link stopLoad}. */
  async startLoad(url: string): Promise<void> {
    await this.#ask({ type: 'startLoad', url })
  }

  async stopLoad(): Promise<Outage> {
    return (await this.#ask({ type: 'stopLoad' })) as Outage
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  #ask(request: Body<ClientRequest>): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ ...request, id })
    })
  }

  /** The messages are our own program's, of the same build: their shape is not checked again. */
  #settle(message: unknown): void {
    const { id, result, error } = message as ClientReply
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error))
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
