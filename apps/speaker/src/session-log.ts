import type { Logger } from 'pino'
import type { PeerState } from './plane/sessions-messages.ts'

/** One line for each state that an operator wants to know of; a peer that cannot be reached is not told of again and again. */
export class SessionLog {
  readonly #log: Logger
  readonly #told = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  tell({ name, label, vrf, bgp, bfd, problem }: PeerState): void {
    const facts = { peer: name, address: label, ...(vrf === '' ? {} : { vrf }), bgp, bfd, problem }
    this.#log.debug(facts, 'bgp session state')
    const text =
      bgp === 'established' ? `up ${problem ?? ''}` : problem === undefined ? undefined : `down ${problem}`
    if (text === undefined || this.#told.get(name) === text) return
    this.#told.set(name, text)
    if (bgp !== 'established') this.#log.warn(facts, 'bgp session down')
    else if (problem === undefined) this.#log.info(facts, 'bgp session established')
    else this.#log.warn(facts, 'bgp session established, with a problem')
  }

  forget(name: string): void {
    this.#told.delete(name)
  }
}
