import { BfdOptionsError } from './errors.ts'
import type { SessionDriver } from './session-driver.ts'
import type { BfdReceiver, PacketSource, TtlPolicy } from './transport.ts'

/** A session, and where it receives. */
export interface Member {
  readonly driver: SessionDriver
  readonly group: ReceiveGroup
  readonly remoteBytes: Uint8Array
}

/**
 * Whether a packet came as those of a session do. A discriminator alone would let one from afar in by the port for
 * several hops, with a TTL that the other port refuses. Over several hops the minimum TTL goes by the source.
 */
export function isOnPath(member: Member, group: ReceiveGroup, source: PacketSource): boolean {
  if (member.group !== group) return false
  return member.driver.configuration.hops === 'single' || source.isAddress(member.remoteBytes)
}

/** The sessions that receive by one socket: of one family, number of hops, and interface. */
export class ReceiveGroup {
  readonly key: string
  readonly #open: (ttl: TtlPolicy) => BfdReceiver
  readonly #byAddress: Map<string, Member> = new Map()
  #receiver: BfdReceiver | undefined

  constructor(key: string, open: (ttl: TtlPolicy) => BfdReceiver) {
    this.key = key
    this.#open = open
  }

  get size(): number {
    return this.#byAddress.size
  }

  /** @throws {@link BfdOptionsError} (`duplicate`), and what the transport throws. Nothing is added then. */
  add(driver: SessionDriver): Member {
    const { remoteAddress } = driver.configuration
    const text = remoteAddress.toString()
    if (this.#byAddress.has(text))
      throw new BfdOptionsError('duplicate', 'remoteAddress', `there is a session with ${text}`)
    const member = { driver, group: this, remoteBytes: remoteAddress.toBytes() }
    this.#byAddress.set(text, member)
    try {
      this.#applyTtl()
    } catch (error) {
      this.#byAddress.delete(text)
      throw error
    }
    return member
  }

  delete(driver: SessionDriver): void {
    this.#byAddress.delete(driver.configuration.remoteAddress.toString())
    if (this.size > 0) this.#applyTtl()
  }

  find(addressText: string): Member | undefined {
    return this.#byAddress.get(addressText)
  }

  drain(): void {
    this.#receiver?.drain()
  }

  close(): void {
    this.#receiver?.close()
    this.#receiver = undefined
  }

  #applyTtl(): void {
    const policy = this.#ttlPolicy()
    if (this.#receiver === undefined) this.#receiver = this.#open(policy)
    else this.#receiver.setTtlPolicy(policy)
  }

  /** The lowest for all, so that packets of strangers are still seen and counted, and what differs by source. */
  #ttlPolicy(): TtlPolicy {
    const wanted = [...this.#byAddress.values()].map(({ driver }) => ({
      source: driver.configuration.remoteAddress,
      minimumTtl: driver.configuration.minimumTtl
    }))
    const minimumTtl = Math.min(...wanted.map((each) => each.minimumTtl))
    return { minimumTtl, exceptions: wanted.filter((each) => each.minimumTtl !== minimumTtl) }
  }
}
