import type { MembershipResult } from '@clarion-lb/linux-net'
import type { Ipv6Address } from '@clarion-lb/netaddr'

/** A socket that holds memberships, as linux-net's MulticastSocket. */
export interface MembershipHolder {
  join(interfaceIndex: number, group: Ipv6Address): MembershipResult
  leave(interfaceIndex: number, group: Ipv6Address): MembershipResult
  close(): void
}

interface Membership {
  readonly interfaceIndex: number
  readonly group: Ipv6Address
  /** Joins less leaves. */
  count: number
  /** `undefined` while the interface is not there. */
  holder: MembershipHolder | undefined
}

/** A holder takes about 2300; more than this many would be a fault of ours. */
const MAX_HOLDERS = 64

/** Counted IPv6 group memberships, over as many sockets as they need, and again when an interface is back. */
export class GroupMemberships {
  readonly #open: () => MembershipHolder
  readonly #memberships: Map<string, Membership> = new Map()
  #holders: MembershipHolder[] = []

  constructor(open: () => MembershipHolder) {
    this.#open = open
  }

  /** @throws LinuxNetError of linux-net if the system refuses a socket */
  join(interfaceIndex: number, group: Ipv6Address): void {
    const key = keyOf(interfaceIndex, group)
    const known = this.#memberships.get(key)
    if (known !== undefined) {
      known.count += 1
      return
    }
    const membership = { interfaceIndex, group, count: 1, holder: undefined }
    this.#memberships.set(key, membership)
    this.#hold(membership)
  }

  leave(interfaceIndex: number, group: Ipv6Address): void {
    const key = keyOf(interfaceIndex, group)
    const membership = this.#memberships.get(key)
    if (membership === undefined) return
    membership.count -= 1
    if (membership.count > 0) return
    this.#memberships.delete(key)
    membership.holder?.leave(interfaceIndex, group)
  }

  /** An interface has appeared: what was joined on its index is joined again. */
  resume(interfaceIndex: number): void {
    for (const membership of this.#of(interfaceIndex))
      if (membership.holder === undefined) this.#hold(membership)
  }

  /** An interface is gone, and its memberships with it. */
  suspend(interfaceIndex: number): void {
    for (const membership of this.#of(interfaceIndex)) {
      // The socket still has it in its list, where it takes room.
      membership.holder?.leave(interfaceIndex, membership.group)
      membership.holder = undefined
    }
  }

  close(): void {
    for (const holder of this.#holders) holder.close()
    this.#holders = []
    this.#memberships.clear()
  }

  #hold(membership: Membership): void {
    const { interfaceIndex, group } = membership
    // The newest one is the most likely to have room.
    for (const holder of this.#holders.toReversed()) {
      const result = holder.join(interfaceIndex, group)
      if (result === 'done') membership.holder = holder
      if (result !== 'full') return
    }
    if (this.#holders.length === MAX_HOLDERS) return
    const holder = this.#open()
    this.#holders.push(holder)
    if (holder.join(interfaceIndex, group) === 'done') membership.holder = holder
  }

  #of(interfaceIndex: number): Membership[] {
    return [...this.#memberships.values()].filter(
      (membership) => membership.interfaceIndex === interfaceIndex
    )
  }
}

function keyOf(interfaceIndex: number, group: Ipv6Address): string {
  return `${interfaceIndex} ${group.toString()}`
}
