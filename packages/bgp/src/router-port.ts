import {
  ADDRESS_FLAG,
  BPF,
  type BpfInstruction,
  MulticastSocket,
  NetlinkSocket,
  PacketSocket
} from '@clarion-lb/linux-net'
import type { Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { ETHER_TYPE } from '@clarion-lb/wire'
import { ALL_ROUTERS, type LinkLocalSender } from './router-messages.ts'

/** Frames of router discovery in and out of one interface. */
export interface RouterPort extends LinkLocalSender {
  /** @returns whether it was sent */
  readonly send: (frame: Uint8Array) => boolean
  /** Reads what is there. The bytes are valid only during the call. @returns whether the interface is still there */
  readonly receive: (onFrame: (frame: Uint8Array) => void) => boolean
  readonly close: () => void
}

const NEXT_HEADER_OFFSET = 20
const ICMP_TYPE_OFFSET = 54
/** ICMPv6 133 and 134. */
const FILTER: readonly BpfInstruction[] = [
  { code: BPF.LOAD_BYTE, jt: 0, jf: 0, k: NEXT_HEADER_OFFSET },
  { code: BPF.JUMP_EQUAL, jt: 0, jf: 4, k: 58 },
  { code: BPF.LOAD_BYTE, jt: 0, jf: 0, k: ICMP_TYPE_OFFSET },
  { code: BPF.JUMP_EQUAL, jt: 1, jf: 0, k: 133 },
  { code: BPF.JUMP_EQUAL, jt: 0, jf: 1, k: 134 },
  { code: BPF.RETURN, jt: 0, jf: 0, k: 0xffff },
  { code: BPF.RETURN, jt: 0, jf: 0, k: 0 }
]
const RECEIVE_BUFFER_BYTES = 65_536

interface InterfaceAddresses extends LinkLocalSender {
  readonly index: number
}

/**
 * Opens an interface. Needs CAP_NET_RAW.
 *
 * @returns `undefined` if there is none of this name, or it has no link-local address yet.
 * @throws LinuxNetError, UnsupportedSystemError
 */
export function openRouterPort(interfaceName: string): RouterPort | undefined {
  const found = findInterface(interfaceName)
  if (found === undefined) return undefined
  const { index, mac, linkLocal } = found
  const membership = MulticastSocket.open()
  try {
    if (membership.join(index, ALL_ROUTERS.address) !== 'done') {
      membership.close()
      return undefined
    }
    const socket = PacketSocket.open({
      etherType: ETHER_TYPE.IPV6,
      filter: FILTER,
      interfaceIndex: index,
      receiveBufferBytes: RECEIVE_BUFFER_BYTES
    })
    return {
      mac,
      linkLocal,
      send: (frame) => socket.send(index, frame) === 0,
      receive: (onFrame) => socket.receive((frame) => onFrame(frame)).errors === 0,
      close: () => {
        socket.close()
        membership.close()
      }
    }
  } catch (error) {
    membership.close()
    throw error
  }
}

function findInterface(name: string): InterfaceAddresses | undefined {
  const netlink = NetlinkSocket.open('none')
  try {
    let index: number | undefined
    let mac: MacAddress | undefined
    const addresses = new Map<number, Ipv6Address>()
    for (const message of netlink.dump()) {
      if (message.type === 'link' && message.link.name === name) ({ index, mac } = message.link)
      if (message.type !== 'address') continue
      const { address, interfaceIndex, flags } = message.address
      const isUsable = (flags & (ADDRESS_FLAG.TENTATIVE | ADDRESS_FLAG.DADFAILED)) === 0
      if (address.family === 6 && address.isLinkLocal && isUsable) addresses.set(interfaceIndex, address)
    }
    if (index === undefined || mac === undefined) return undefined
    const linkLocal = addresses.get(index)
    return linkLocal === undefined ? undefined : { index, mac, linkLocal }
  } finally {
    netlink.close()
  }
}
