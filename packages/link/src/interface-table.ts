import {
  ADDRESS_FLAG,
  HARDWARE_TYPE_ETHERNET,
  INTERFACE_FLAG,
  type NetlinkAddress,
  type NetlinkLink,
  type NetlinkMessage
} from '@clarion-lb/linux-net'
import { compareIpAddresses } from '@clarion-lb/netaddr'
import type { LinkInterface, LinkInterfacesChange } from './link.ts'

/** What the kernel told of one interface. */
interface Entry {
  readonly link: NetlinkLink
  readonly addresses: ReadonlyMap<string, NetlinkAddress>
}

const UNUSABLE_ADDRESS = ADDRESS_FLAG.TENTATIVE | ADDRESS_FLAG.DADFAILED

/** The interfaces of this system, kept from what rtnetlink tells. No I/O. */
export class InterfaceTable {
  #entries: Map<number, Entry> = new Map()
  #interfaces: ReadonlyMap<number, LinkInterface> = new Map()

  /** By index. Replaced, not changed, by a change. */
  get interfaces(): ReadonlyMap<number, LinkInterface> {
    return this.#interfaces
  }

  /** Takes notifications in. Returns what became different, if anything that a {@link LinkInterface} tells did. */
  apply(messages: readonly NetlinkMessage[]): LinkInterfacesChange | undefined {
    for (const message of messages) applyTo(this.#entries, message)
    return this.#publish()
  }

  /** Takes a complete list in, after notifications were lost. */
  replace(messages: readonly NetlinkMessage[]): LinkInterfacesChange | undefined {
    this.#entries = new Map()
    return this.apply(messages)
  }

  #publish(): LinkInterfacesChange | undefined {
    const before = this.#interfaces
    const after = new Map<number, LinkInterface>()
    for (const [index, entry] of this.#entries) {
      const now = toLinkInterface(entry)
      const known = before.get(index)
      after.set(index, known !== undefined && isSame(known, now) ? known : now)
    }
    const change = diffInterfaces(before, after)
    if (change !== undefined) this.#interfaces = after
    return change
  }
}

/** What became different from one list to the next; objects are compared by identity. */
export function diffInterfaces(
  before: ReadonlyMap<number, LinkInterface>,
  after: ReadonlyMap<number, LinkInterface>
): LinkInterfacesChange | undefined {
  const added = [...after.values()].filter(({ index }) => !before.has(index))
  const removed = [...before.values()].filter(({ index }) => !after.has(index))
  const changed = [...after.values()].flatMap((now) => {
    const known = before.get(now.index)
    return known === undefined || known === now ? [] : [{ before: known, after: now }]
  })
  if (added.length + removed.length + changed.length === 0) return undefined
  return { added, changed, removed }
}

function applyTo(entries: Map<number, Entry>, message: NetlinkMessage): void {
  switch (message.type) {
    case 'link': {
      const addresses = entries.get(message.link.index)?.addresses ?? new Map<string, NetlinkAddress>()
      entries.set(message.link.index, { link: message.link, addresses })
      return
    }
    case 'link-removed':
      entries.delete(message.index)
      return
    case 'address':
    case 'address-removed': {
      // An address without its interface is one whose interface has just been removed.
      const entry = entries.get(message.address.interfaceIndex)
      if (entry === undefined) return
      const addresses = new Map(entry.addresses)
      const key = `${message.address.address.toString()}/${message.address.prefixLength}`
      if (message.type === 'address') addresses.set(key, message.address)
      else addresses.delete(key)
      entries.set(message.address.interfaceIndex, { link: entry.link, addresses })
      return
    }
    default:
  }
}

function toLinkInterface({ link, addresses }: Entry): LinkInterface {
  const has = (flag: number): boolean => (link.flags & flag) !== 0
  return {
    index: link.index,
    name: link.name,
    mac: link.hardwareType === HARDWARE_TYPE_ETHERNET ? link.mac : undefined,
    mtu: link.mtu,
    isUp: has(INTERFACE_FLAG.UP),
    hasCarrier: has(INTERFACE_FLAG.LOWER_UP),
    isLoopback: has(INTERFACE_FLAG.LOOPBACK),
    isBroadcast: has(INTERFACE_FLAG.BROADCAST),
    isNoArp: has(INTERFACE_FLAG.NOARP),
    masterIndex: link.masterIndex,
    addresses: [...addresses.values()]
      .filter(({ flags }) => (flags & UNUSABLE_ADDRESS) === 0)
      .map(({ address, prefixLength }) => ({ address, prefixLength }))
      .toSorted((a, b) => compareIpAddresses(a.address, b.address) || a.prefixLength - b.prefixLength)
  }
}

function isSame(a: LinkInterface, b: LinkInterface): boolean {
  const isSameMac = a.mac === undefined || b.mac === undefined ? a.mac === b.mac : a.mac.equals(b.mac)
  return (
    isSameMac &&
    a.name === b.name &&
    a.mtu === b.mtu &&
    a.isUp === b.isUp &&
    a.hasCarrier === b.hasCarrier &&
    a.isLoopback === b.isLoopback &&
    a.isBroadcast === b.isBroadcast &&
    a.isNoArp === b.isNoArp &&
    a.masterIndex === b.masterIndex &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every(({ address, prefixLength }, i) => {
      const other = b.addresses[i]
      return other !== undefined && other.prefixLength === prefixLength && address.equals(other.address)
    })
  )
}
