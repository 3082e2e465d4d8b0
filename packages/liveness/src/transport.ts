import type { IpAddress } from '@clarion-lb/netaddr'

/** Where a member is reached. */
export interface LivenessAddress {
  readonly address: IpAddress
  readonly port: number
}

/** What a transport tells its user. The bytes are valid only during the call. */
export interface TransportListener {
  onDatagram(bytes: Uint8Array): void
  /** The host that a probe was sent to says that nobody has the port open (RFC 792, RFC 4443 §3.1). */
  onRefused(tag: bigint): void
}

/** Datagrams in and out: UDP, or a network within a test. */
export interface LivenessTransport {
  /** The port that is bound; 0 while none is. */
  readonly port: number
  /** @throws an error with a `code` if it cannot be done */
  open(listener: TransportListener): void
  /** Sends without waiting. Returns 0, or an errno. */
  send(bytes: Uint8Array, to: LivenessAddress): number
  /** The same, and a refusal is told with `tag`, if the system knows. */
  probe(bytes: Uint8Array, to: LivenessAddress, tag: bigint): number
  /** Reads what waits to be read, now. */
  drain(): void
  close(): void
}
