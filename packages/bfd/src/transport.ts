import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'

/** The least TTL or hop limit that packets must arrive with. */
export interface TtlPolicy {
  readonly minimumTtl: number
  /** Sources with another one. */
  readonly exceptions: readonly { readonly source: IpAddress; readonly minimumTtl: number }[]
}

/** Where packets are received. */
export interface ReceiveEndpoint {
  readonly family: IpFamily
  readonly port: number
  /** Default: any address. */
  readonly localAddress?: IpAddress | undefined
  /** Name of an interface or VRF. */
  readonly device?: string | undefined
  readonly ttl: TtlPolicy
}

/** Where packets of one session go to, and how they look. */
export interface SendEndpoint {
  readonly remoteAddress: IpAddress
  readonly remotePort: number
  /** Default: what the system chooses by its routes. */
  readonly localAddress?: IpAddress | undefined
  /** From 49152 to 65535, the same for all packets of a session and for no other session (RFC 5881 §4). */
  readonly localPort: number
  readonly device?: string | undefined
}

/** Who sent a packet; valid only during the call that it is given to. */
export interface PacketSource {
  /** @param addressBytes 4 or 16 octets */
  isAddress(addressBytes: Uint8Array): boolean
  /** Canonical text, without a zone. */
  addressText(): string
}

export type OnPacket = (bytes: Uint8Array, source: PacketSource) => void

export interface BfdReceiver {
  setTtlPolicy(policy: TtlPolicy): void
  /** Reads what waits to be read, now. */
  drain(): void
  /** From now on reads only in {@link drain}, or by itself again. Absent: always by itself. */
  setPolled?(isPolled: boolean): void
  close(): void
}

export interface BfdSender {
  /** Without waiting. Returns 0, or an errno. */
  send(bytes: Uint8Array): number
  close(): void
}

/** Packets in and out: UDP, or a network within a test. All calls throw errors with a `code` if they cannot be done. */
export interface BfdTransport {
  openReceiver(endpoint: ReceiveEndpoint, onPacket: OnPacket): BfdReceiver
  /** `undefined` if the port is taken. */
  openSender(endpoint: SendEndpoint): BfdSender | undefined
}
