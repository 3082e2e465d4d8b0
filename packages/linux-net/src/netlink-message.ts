import { type IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'
import { NetlinkDecodeError } from './errors.ts'
import { IS_LITTLE_ENDIAN } from './libc.ts'

/** An interface, as RTM_NEWLINK tells it (rtnetlink(7)). */
export interface NetlinkLink {
  readonly index: number
  readonly name: string
  /** Linux `ARPHRD_*`: 1 is Ethernet. */
  readonly hardwareType: number
  /** Linux `IFF_*`, see {@link INTERFACE_FLAG}. */
  readonly flags: number
  /** `undefined` unless it has 6 bytes. */
  readonly mac: MacAddress | undefined
  readonly mtu: number
  readonly masterIndex: number | undefined
  /** `veth`, `bridge`, `bond`, …; `undefined` for hardware. */
  readonly kind: string | undefined
}

/** An address of an interface, as RTM_NEWADDR tells it. */
export interface NetlinkAddress {
  readonly interfaceIndex: number
  readonly address: IpAddress
  readonly prefixLength: number
  /** Linux `IFA_F_*`, see {@link ADDRESS_FLAG}. */
  readonly flags: number
}

export type NetlinkMessage =
  | { readonly type: 'link'; readonly link: NetlinkLink }
  | { readonly type: 'link-removed'; readonly index: number }
  | { readonly type: 'address'; readonly address: NetlinkAddress }
  | { readonly type: 'address-removed'; readonly address: NetlinkAddress }
  /** The end of a dump. `isInterrupted`: it is not of one moment, ask again (NLM_F_DUMP_INTR). */
  | { readonly type: 'done'; readonly sequence: number; readonly isInterrupted: boolean }
  /** `errno` 0 is an acknowledgement. */
  | { readonly type: 'error'; readonly sequence: number; readonly errno: number }
  /** The kernel lost messages (NLMSG_OVERRUN). */
  | { readonly type: 'overrun' }
  /** A kind that is not asked for here. */
  | { readonly type: 'other'; readonly messageType: number }

/** Linux `IFF_*` (netdevice(7)). */
export const INTERFACE_FLAG = {
  UP: 0x1,
  BROADCAST: 0x2,
  LOOPBACK: 0x8,
  RUNNING: 0x40,
  NOARP: 0x80,
  LOWER_UP: 0x1_0000
} as const

/** Linux `IFA_F_*` (`if_addr.h`). */
export const ADDRESS_FLAG = { DADFAILED: 0x08, DEPRECATED: 0x20, TENTATIVE: 0x40 } as const

/** Linux `ARPHRD_ETHER`. */
export const HARDWARE_TYPE_ETHERNET = 1

const HEADER_BYTES = 16
const MESSAGE = { ERROR: 2, DONE: 3, OVERRUN: 4, NEWLINK: 16, DELLINK: 17, NEWADDR: 20, DELADDR: 21 } as const
const FLAG_DUMP_INTERRUPTED = 0x10
const AF_UNSPEC = 0
const AF_INET = 2
const AF_INET6 = 10
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, MASTER: 10, LINKINFO: 18 } as const
const IFLA_INFO_KIND = 1
const IFA = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const
/** The upper two bits of an attribute's type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
const ATTRIBUTE_TYPE_MASK = 0x3fff

/**
 * Decodes what one read of a NETLINK_ROUTE socket gave: messages one behind the other, each aligned to 4 bytes, in the
 * byte order of the host.
 *
 * @throws {@link NetlinkDecodeError}
 */
export function decodeNetlink(bytes: Uint8Array, littleEndian: boolean = IS_LITTLE_ENDIAN): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: NetlinkMessage[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (offset + HEADER_BYTES > bytes.length) throw new NetlinkDecodeError(offset, 'no room for a header')
    const length = view.getUint32(offset, littleEndian)
    if (length < HEADER_BYTES || length > bytes.length - offset)
      throw new NetlinkDecodeError(offset, `length ${length} of ${bytes.length - offset}`)
    messages.push(decodeMessage(new DataView(view.buffer, view.byteOffset + offset, length), littleEndian))
    offset += align(length)
  }
  return messages
}

function decodeMessage(view: DataView, littleEndian: boolean): NetlinkMessage {
  const messageType = view.getUint16(4, littleEndian)
  const sequence = view.getUint32(8, littleEndian)
  switch (messageType) {
    case MESSAGE.DONE: {
      const isInterrupted = (view.getUint16(6, littleEndian) & FLAG_DUMP_INTERRUPTED) !== 0
      return { type: 'done', sequence, isInterrupted }
    }
    case MESSAGE.ERROR:
      need(view, HEADER_BYTES + 4)
      return { type: 'error', sequence, errno: -view.getInt32(HEADER_BYTES, littleEndian) }
    case MESSAGE.OVERRUN:
      return { type: 'overrun' }
    case MESSAGE.NEWLINK:
    case MESSAGE.DELLINK:
      return decodeLink(view, messageType, littleEndian)
    case MESSAGE.NEWADDR:
    case MESSAGE.DELADDR:
      return decodeAddress(view, messageType, littleEndian)
    default:
      return { type: 'other', messageType }
  }
}

/** `struct ifinfomsg`: family 1, pad 1, hardware type 2, index 4, flags 4, change mask 4; then attributes. */
function decodeLink(view: DataView, messageType: number, littleEndian: boolean): NetlinkMessage {
  need(view, HEADER_BYTES + 16)
  // AF_BRIDGE speaks of an interface as a port: its DELLINK means that it left the bridge, not that it is gone.
  if (view.getUint8(HEADER_BYTES) !== AF_UNSPEC) return { type: 'other', messageType }
  const index = view.getInt32(HEADER_BYTES + 4, littleEndian)
  if (messageType === MESSAGE.DELLINK) return { type: 'link-removed', index }
  const link = { name: '', mtu: 0 }
  let mac: MacAddress | undefined
  let masterIndex: number | undefined
  let kind: string | undefined
  for (const { type, value } of attributes(view, HEADER_BYTES + 16, littleEndian)) {
    if (type === IFLA.IFNAME) link.name = text(value)
    else if (type === IFLA.MTU) link.mtu = uint32(value, littleEndian)
    else if (type === IFLA.ADDRESS && value.byteLength === 6) mac = MacAddress.fromBytes(bytesOf(value))
    else if (type === IFLA.MASTER) masterIndex = uint32(value, littleEndian)
    else if (type === IFLA.LINKINFO) kind = kindOf(value, littleEndian)
  }
  const hardwareType = view.getUint16(HEADER_BYTES + 2, littleEndian)
  const flags = view.getUint32(HEADER_BYTES + 8, littleEndian)
  return { type: 'link', link: { ...link, index, hardwareType, flags, mac, masterIndex, kind } }
}

/** `struct ifaddrmsg`: family 1, prefix length 1, flags 1, scope 1, index 4; then attributes. */
function decodeAddress(view: DataView, messageType: number, littleEndian: boolean): NetlinkMessage {
  need(view, HEADER_BYTES + 8)
  const family = view.getUint8(HEADER_BYTES)
  if (family !== AF_INET && family !== AF_INET6) return { type: 'other', messageType }
  let flags = view.getUint8(HEADER_BYTES + 2)
  let peer: DataView | undefined
  let local: DataView | undefined
  for (const { type, value } of attributes(view, HEADER_BYTES + 8, littleEndian)) {
    if (type === IFA.ADDRESS) peer = value
    else if (type === IFA.LOCAL) local = value
    else if (type === IFA.FLAGS) flags = uint32(value, littleEndian)
  }
  // On a point-to-point link IFA_ADDRESS is the other end; without IFA_LOCAL it is the address itself.
  const own = local ?? peer
  if (own === undefined || own.byteLength !== (family === AF_INET ? 4 : 16))
    throw new NetlinkDecodeError(HEADER_BYTES, 'an address message without its address')
  const address = {
    interfaceIndex: view.getUint32(HEADER_BYTES + 4, littleEndian),
    address: family === AF_INET ? Ipv4Address.fromBytes(bytesOf(own)) : Ipv6Address.fromBytes(bytesOf(own)),
    prefixLength: view.getUint8(HEADER_BYTES + 1),
    flags
  }
  return { type: messageType === MESSAGE.NEWADDR ? 'address' : 'address-removed', address }
}

/** `struct rtattr`: length 2 (itself included), type 2, value; aligned to 4 bytes. */
function* attributes(
  view: DataView,
  start: number,
  littleEndian: boolean
): Generator<{ readonly type: number; readonly value: DataView }> {
  let offset = start
  // Fewer than 4 bytes are padding.
  while (offset + 4 <= view.byteLength) {
    const length = view.getUint16(offset, littleEndian)
    if (length < 4 || length > view.byteLength - offset)
      throw new NetlinkDecodeError(offset, `attribute length ${length} of ${view.byteLength - offset}`)
    const type = view.getUint16(offset + 2, littleEndian) & ATTRIBUTE_TYPE_MASK
    yield { type, value: new DataView(view.buffer, view.byteOffset + offset + 4, length - 4) }
    offset += align(length)
  }
}

function kindOf(info: DataView, littleEndian: boolean): string | undefined {
  for (const { type, value } of attributes(info, 0, littleEndian))
    if (type === IFLA_INFO_KIND) return text(value)
  return undefined
}

function need(view: DataView, length: number): void {
  if (view.byteLength < length)
    throw new NetlinkDecodeError(0, `${view.byteLength} bytes where ${length} are needed`)
}

function uint32(value: DataView, littleEndian: boolean): number {
  if (value.byteLength < 4)
    throw new NetlinkDecodeError(0, `${value.byteLength} bytes for a 32-bit attribute`)
  return value.getUint32(0, littleEndian)
}

function bytesOf(value: DataView): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** Up to the terminating zero. */
function text(value: DataView): string {
  const bytes = bytesOf(value)
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end))
}

function align(length: number): number {
  return (length + 3) & ~3
}
