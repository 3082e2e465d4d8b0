import type { BfdClock } from './clock.ts'
import { type Member, ReceiveGroup, type ReceiveScope } from './receive-group.ts'
import type { SessionDriver } from './session-driver.ts'
import { QueueTimer, type TimerQueue } from './timer-queue.ts'
import type { BfdReceiver, TtlPolicy } from './transport.ts'

/** The longest time between two looks at a socket that is polled, if no session has anything to do meanwhile. */
const POLL_MS = 5

/** Opens the socket of a group. */
export type OpenReceiver = (group: ReceiveGroup, ttl: TtlPolicy) => BfdReceiver

/** The receiving sockets of a speaker: one for each family, number of hops and interface that sessions name. */
export class ReceiveGroups {
  readonly #open: OpenReceiver
  readonly #clock: BfdClock
  readonly #timers: TimerQueue
  readonly #groups: Map<string, ReceiveGroup> = new Map()
  /** Set again in each round, for the next one at the latest. */
  readonly #pollTimer: QueueTimer = new QueueTimer(() => undefined)

  constructor(open: OpenReceiver, clock: BfdClock, timers: TimerQueue) {
    this.#open = open
    this.#clock = clock
    this.#timers = timers
  }

  /** To be called in each round of the timers: reads what is polled, and decides what is. */
  poll(): void {
    for (const group of this.#groups.values()) {
      group.choosePolling()
      if (!group.isPolled) continue
      group.drain()
      this.#timers.set(this.#pollTimer, this.#clock.now() + POLL_MS)
    }
  }

  /** @throws BfdOptionsError (`duplicate`), and what the transport throws. Nothing is added then. */
  add(driver: SessionDriver): Member {
    const { remoteAddress, hops, device } = driver.configuration
    const group = this.#groupOf({ family: remoteAddress.family, hops, device })
    const member = group.add(driver)
    try {
      this.#apply(group)
    } catch (error) {
      this.delete(member)
      throw error
    }
    return member
  }

  delete(member: Member): void {
    const { group } = member
    group.delete(member)
    if (group.members.length === 0) {
      group.close()
      this.#groups.delete(keyOf(group.scope))
    }
    this.#apply(group)
  }

  /** Of packets without a discriminator: a session of the interface, or else one that is not tied to any. */
  find(group: ReceiveGroup, addressText: string): Member | undefined {
    return group.find(addressText) ?? this.#generalOf(group)?.find(addressText)
  }

  /** Reads all that waits to be read for a session of this group. */
  drain(scope: ReceiveScope): void {
    const group = this.#groups.get(keyOf(scope))
    if (group === undefined) return
    for (const other of this.#groups.values()) if (other === group || group.isGeneralFor(other)) other.drain()
  }

  #groupOf(scope: ReceiveScope): ReceiveGroup {
    const known = this.#groups.get(keyOf(scope))
    if (known !== undefined) return known
    const group: ReceiveGroup = new ReceiveGroup(scope, (ttl) => this.#open(group, ttl))
    this.#groups.set(keyOf(scope), group)
    return group
  }

  #apply(changed: ReceiveGroup): void {
    for (const group of this.#groups.values()) {
      if (group !== changed && !changed.isGeneralFor(group)) continue
      const general = this.#generalOf(group)
      group.apply(general === undefined || general === group ? [] : general.members)
    }
  }

  #generalOf({ scope }: ReceiveGroup): ReceiveGroup | undefined {
    return this.#groups.get(keyOf({ ...scope, device: undefined }))
  }
}

function keyOf({ family, hops, device = '' }: ReceiveScope): string {
  return `${family}/${hops}/${device}`
}
