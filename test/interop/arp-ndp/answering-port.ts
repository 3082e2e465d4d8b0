import { ArpResponder, encodeAnnouncement as encodeArpAnnouncement } from '@clarion-lb/arp'
import type { Link } from '@clarion-lb/link'
import { encodeAnnouncement as encodeNdpAnnouncement, NdpResponder } from '@clarion-lb/ndp'
import type { IpAddress, MacAddress } from '@clarion-lb/netaddr'

export interface Conflict {
  readonly kind: 'claim' | 'probe'
  readonly address: IpAddress
  readonly mac: MacAddress
}

export interface AnsweringPortOptions {
  readonly link: Link
  readonly index: number
  readonly name: string
  readonly mac: MacAddress
  readonly onConflict: (conflict: Conflict) => void
}

/** The responders of one interface, with their multicast groups. */
export class AnsweringPort {
  readonly index: number
  readonly arp: ArpResponder
  readonly ndp: NdpResponder
  readonly #link: Link
  #name: string
  #mac: MacAddress

  constructor({ link, index, name, mac, onConflict }: AnsweringPortOptions) {
    this.index = index
    this.#link = link
    this.#name = name
    this.#mac = mac
    this.arp = new ArpResponder({ mac, onConflict: (claim) => onConflict({ kind: 'claim', ...claim }) })
    this.ndp = new NdpResponder({ mac, onConflict })
  }

  get name(): string {
    return this.#name
  }

  get mac(): MacAddress {
    return this.#mac
  }

  /** Returns whether neighbours must be told: the hardware address is another. */
  update(name: string, mac: MacAddress): boolean {
    this.#name = name
    if (this.#mac.equals(mac)) return false
    this.#mac = mac
    this.arp.setMac(mac)
    this.ndp.setMac(mac)
    return true
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

  announcementOf(address: IpAddress): readonly Uint8Array[] {
    return address.family === 4
      ? encodeArpAnnouncement(this.#mac, address)
      : [encodeNdpAnnouncement(this.#mac, address)]
  }
}
