import type { IpFamily } from '@clarion-lb/netaddr'
import { BfdOptionsError } from './errors.ts'
import type { SessionDriver } from './session-driver.ts'
import type { BfdReceiver, PacketSource, TtlPolicy } from './transport.ts'

/** Sessions of a socket that is polled from then on … */
const MANY = 128
/** … and not any more. */
const FEW = 64

/** What one socket receives. */
export interface ReceiveScope {
  readonly family: IpFamily
  readonly hops: 'single' | 'multi'
  /** Name of an interface or VRF; `undefined` is the general socket. */
  readonly device: string | undefined
}

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
  if (member.group !== group && !member.group.isGeneralFor(group)) return false
  return member.group.scope.hops === 'single' || source.isAddress(member.remoteBytes)
}

/** The sessions that receive by one socket. */
export class ReceiveGroup {
  readonly scope: ReceiveScope
  readonly #open: (ttl: TtlPolicy) => BfdReceiver
  readonly #byAddress: Map<string, Member> = new Map()
  #receiver: BfdReceiver | undefined
  /** What the receiver has, to be compared. */
  #policy = ''
  #isPolled = false

  constructor(scope: ReceiveScope, open: (ttl: TtlPolicy) => BfdReceiver) {
    this.scope = scope
    this.#open = open
  }

  get members(): readonly Member[] {
    return [...this.#byAddress.values()]
  }

  /**
   * Whether sessions here are not tied to an interface and alike otherwise: the system gives packets for them to the
   * socket that is bound to the interface they come by, if there is one.
   */
  isGeneralFor({ scope }: ReceiveGroup): boolean {
    const { family, hops, device } = this.scope
    return device === undefined && family === scope.family && hops === scope.hops
  }

  /** @throws {@link BfdOptionsError} (`duplicate`) */
  add(driver: SessionDriver): Member {
    const { remoteAddress } = driver.configuration
    const text = remoteAddress.toString()
    if (this.#byAddress.has(text))
      throw new BfdOptionsError('duplicate', 'remoteAddress', `there is a session with ${text}`)
    const member = { driver, group: this, remoteBytes: remoteAddress.toBytes() }
    this.#byAddress.set(text, member)
    return member
  }

  delete({ driver }: Member): void {
    this.#byAddress.delete(driver.configuration.remoteAddress.toString())
  }

  find(addressText: string): Member | undefined {
    return this.#byAddress.get(addressText)
  }

  /**
   * Opens the receiver if it is not yet, and has it take what these sessions may get.
   *
   * @param others may get packets here, too
   */
  apply(others: readonly Member[]): void {
    const policy = ttlPolicy([...this.members, ...others])
    const key = JSON.stringify(policy)
    if (key === this.#policy) return
    if (this.#receiver === undefined) this.#receiver = this.#open(policy)
    else this.#receiver.setTtlPolicy(policy)
    this.#policy = key
  }

  /** Whether its socket is read only in {@link drain}. */
  get isPolled(): boolean {
    return this.#isPolled
  }

  /** Waking up for each packet of many sessions costs more than looking for packets whenever a timer is due. */
  choosePolling(): void {
    const { size } = this.#byAddress
    const isPolled = this.#isPolled ? size > FEW : size >= MANY
    if (isPolled === this.#isPolled || this.#receiver?.setPolled === undefined) return
    this.#receiver.setPolled(isPolled)
    this.#isPolled = isPolled
  }

  drain(): void {
    this.#receiver?.drain()
  }

  close(): void {
    this.#receiver?.close()
    this.#receiver = undefined
    this.#policy = ''
    this.#isPolled = false
  }
}

/** The lowest for all, so that packets of strangers are still seen and counted, and what differs by source. */
function ttlPolicy(members: readonly Member[]): TtlPolicy {
  const wanted = members.map(({ driver }) => ({
    source: driver.configuration.remoteAddress,
    minimumTtl: driver.configuration.minimumTtl
  }))
  const minimumTtl = wanted.reduce((lowest, each) => Math.min(lowest, each.minimumTtl), 255)
  return { minimumTtl, exceptions: wanted.filter((each) => each.minimumTtl !== minimumTtl) }
}
