import {
  type AddressCounters,
  ArpResponder,
  encodeAnnouncement as encodeArpAnnouncement
} from '@clarion-lb/arp'
import type { Link } from '@clarion-lb/link'
import { encodeAnnouncement as encodeNdpAnnouncement, NdpResponder } from '@clarion-lb/ndp'
import type { IpAddress, MacAddress } from '@clarion-lb/netaddr'
import type { Fitness } from './fitness.ts'

export interface PortOptions {
  readonly link: Link
  readonly index: number
  readonly name: string
  readonly mac: MacAddress
  /** Another host has claimed an address. */
  readonly onClaim: (address: IpAddress) => void
  readonly onConflict: (address: IpAddress, mac: string, kind: 'claim' | 'probe') => void
}

/** The responders of one interface, with their multicast groups. */
export class Port {
  readonly index: number
  readonly arp: ArpResponder
  readonly ndp: NdpResponder
  readonly #link: Link
  #name: string
  #mac: MacAddress
  #fitness: Pick<Fitness, 'arp' | 'ndp'> = { arp: false, ndp: false }

  constructor({ link, index, name, mac, onClaim, onConflict }: PortOptions) {
    this.index = index
    this.#link = link
    this.#name = name
    this.#mac = mac
    this.arp = new ArpResponder({
      mac,
      onClaim,
      onConflict: (conflict) => onConflict(conflict.address, conflict.mac.toString(), 'claim')
    })
    this.ndp = new NdpResponder({
      mac,
      onClaim,
      onConflict: (conflict) => onConflict(conflict.address, conflict.mac.toString(), conflict.kind)
    })
  }

  get name(): string {
    return this.#name
  }

  get mac(): MacAddress {
    return this.#mac
  }

  /** Takes over what the interface is now. Returns whether neighbours must be told: its hardware address is another. */
  update(name: string, mac: MacAddress, fitness: Fitness): boolean {
    this.#name = name
    this.#fitness = fitness
    if (this.#mac.equals(mac)) return false
    this.#mac = mac
    this.arp.setMac(mac)
    this.ndp.setMac(mac)
    return true
  }

  isFitFor(address: IpAddress): boolean {
    return address.family === 4 ? this.#fitness.arp : this.#fitness.ndp
  }

  has(address: IpAddress): boolean {
    return address.family === 4 ? this.arp.has(address) : this.ndp.has(address)
  }

  /** Returns whether it was not there before. */
  add(address: IpAddress): boolean {
    if (address.family === 4) return this.arp.add(address)
    if (!this.ndp.add(address)) return false
    this.#link.joinGroup(this.index, address.solicitedNodeGroup())
    return true
  }

  remove(address: IpAddress): void {
    if (address.family === 4) this.arp.remove(address)
    else if (this.ndp.remove(address)) this.#link.leaveGroup(this.index, address.solicitedNodeGroup())
  }

  countersOf(address: IpAddress): AddressCounters | undefined {
    return address.family === 4 ? this.arp.countersOf(address) : this.ndp.countersOf(address)
  }

  announcementOf(address: IpAddress): readonly Uint8Array[] {
    return address.family === 4
      ? encodeArpAnnouncement(this.#mac, address)
      : [encodeNdpAnnouncement(this.#mac, address)]
  }
}
