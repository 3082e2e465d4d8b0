/**
 * The Linux networking calls that Node lacks: packet sockets, socket filters, rtnetlink, eventfd.
 *
 * @packageDocumentation
 */
export {
  BPF,
  BPF_ANCILLARY,
  BPF_MAX_INSTRUCTIONS,
  type BpfInstruction,
  encodeBpf
} from './bpf.ts'
export { ERRNO, LinuxNetError, NetlinkDecodeError, UnsupportedSystemError } from './errors.ts'
export { EventFd, notifyEventFd } from './event-fd.ts'
export { arpFilter, DROP_ALL, type FilterOptions, type FrameFilter, neighborFilter } from './frame-filters.ts'
export { unsupportedReason } from './libc.ts'
export { type MembershipResult, MulticastSocket } from './multicast-socket.ts'
export {
  ADDRESS_FLAG,
  decodeNetlink,
  HARDWARE_TYPE_ETHERNET,
  INTERFACE_FLAG,
  type NetlinkAddress,
  type NetlinkLink,
  type NetlinkMessage
} from './netlink-message.ts'
export { type NetlinkRead, NetlinkSocket } from './netlink-socket.ts'
export {
  isInterfaceGone,
  PacketSocket,
  type PacketSocketOptions,
  type ReceiveRound
} from './packet-socket.ts'
export { PACKET_TYPE } from './packet-type.ts'
export { Poller } from './poller.ts'
export { encodeSocketAddress, type SocketAddress } from './socket-address.ts'
export { addTcpAoKey, type TcpAoKey } from './tcp-ao.ts'
export {
  setTcpMd5Key,
  setTcpOptions,
  type TcpOptions,
  TcpSocket,
  type TcpSocketOptions
} from './tcp-socket.ts'
export { type TtlFilterOptions, ttlFilter } from './ttl-filter.ts'
export { type OnDatagram, UDP_RECEIVE_DATAGRAMS, UdpSocket, type UdpSocketOptions } from './udp-socket.ts'
