import { ArpOperation, encodeArpFrame } from '@clarion-lb/arp'
import type { LinkInterface } from '@clarion-lb/link'
import { encodeNeighborSolicitation } from '@clarion-lb/ndp'
import { type IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'

const NO_ADDRESS = Ipv4Address.fromNumber(0)

/**
 * The frame that asks who has an address, as a host of that interface asks: by ARP or by a neighbour solicitation.
 *
 * @returns `undefined` where the interface has nothing to ask with
 */
export function questionOf(address: IpAddress, { mac, addresses }: LinkInterface): Uint8Array | undefined {
  if (mac === undefined) return undefined
  const own = addresses.map((each) => each.address)
  if (address.family === 4) {
    const senderIp = own.find((each) => each.family === 4) ?? NO_ADDRESS
    return encodeArpFrame(MacAddress.BROADCAST, {
      operation: ArpOperation.request,
      senderMac: mac,
      senderIp,
      targetMac: MacAddress.ZERO,
      targetIp: address
    })
  }
  const source = own.find((each) => each instanceof Ipv6Address && each.isLinkLocal)
  return source?.family === 6 ? encodeNeighborSolicitation({ mac, source, target: address }) : undefined
}
