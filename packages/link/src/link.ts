import type { IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '@clarion-lb/netaddr'

/** An address of an interface, with the length of its prefix. */
export interface LinkAddress {
  readonly address: IpAddress
  readonly prefixLength: number
}

/** A network interface as it is now. A new object is made for every change, so identity tells equality. */
export interface LinkInterface {
  /** The system's number for it. It survives a rename, and is not used again after a delete. */
  readonly index: number
  readonly name: string
  /** `undefined` for what has no Ethernet address (tunnels). */
  readonly mac: MacAddress | undefined
  /** Largest IP packet, in bytes. */
  readonly mtu: number
  /** Administratively up. */
  readonly isUp: boolean
  /** The cable is in, or what stands for it. */
  readonly hasCarrier: boolean
  readonly isLoopback: boolean
  readonly isBroadcast: boolean
  /** Does not resolve addresses by ARP or ND: nobody will ask on it. */
  readonly isNoArp: boolean
  /** Index of the bridge, bond or VRF that it is a member of; frames are seen there and not here. */
  readonly masterIndex: number | undefined
  /** Addresses in use; those whose duplicate address detection is running or failed are left out (RFC 4862 §5.4). */
  readonly addresses: readonly LinkAddress[]
}

/** What became different since the last call. An interface is in one of the lists only. */
export interface LinkInterfacesChange {
  readonly added: readonly LinkInterface[]
  readonly changed: readonly { readonly before: LinkInterface; readonly after: LinkInterface }[]
  readonly removed: readonly LinkInterface[]
}

/**
 * Which frames are wanted. All else is dropped where that is cheapest (on Linux in the kernel, without waking the
 * process). What is let through is, on one of `interfaces`, untagged and addressed to it, by broadcast or multicast:
 * - ARP over Ethernet for IPv4 whose target *or sender* is in `arpAddresses` (the sender tells of conflicts),
 * - neighbour solicitations and advertisements whose target is in `ndpAddresses`.
 *
 * Under very many scattered addresses frames for other addresses may pass, too; a responder must look anyway.
 */
export interface LinkInterest {
  /** Indexes of interfaces; may name some that do not exist yet. */
  readonly interfaces: Iterable<number>
  readonly arpAddresses: Iterable<Ipv4Address>
  readonly ndpAddresses: Iterable<Ipv6Address>
}

/** A difference of what is wanted. */
export interface LinkInterestChange {
  readonly add: readonly IpAddress[]
  readonly remove: readonly IpAddress[]
}

/**
 * What became of a frame. Only `'sent'` means that the system took it.
 * - `'interface-down'`: it is there, but down
 * - `'interface-gone'`: there is no such interface (any more)
 * - `'queue-full'`: its transmit queue has no room, or there is no carrier; the frame is lost
 * - `'refused'`: the system does not take this frame there (too long, no Ethernet)
 * - `'stopped'`: the link was not started, or is stopped
 */
export type SendResult = 'sent' | 'interface-down' | 'interface-gone' | 'queue-full' | 'refused' | 'stopped'

/** Called by a link, never from within `send`, `setInterest` or the group calls. They must not throw. */
export interface LinkHandlers {
  /**
   * A frame that {@link LinkInterest} let through, from its Ethernet header on and without frame check sequence.
   * The bytes are valid only during the call.
   */
  readonly onFrame: (frame: Uint8Array, interfaceIndex: number) => void
  /** Interfaces changed. `interfaces()` is already up to date. Not called for those that are there at the start. */
  readonly onInterfaces?: (change: LinkInterfacesChange) => void
}

/** Counts since the start; they only grow. */
export interface LinkCounters {
  readonly received: number
  /** Frames that passed the kernel's filter, but were for nobody here. */
  readonly unwanted: number
  /** Frames that the system lost before we read them, as far as it tells. */
  readonly lost: number
  readonly sent: number
  /** Frames that were not sent, by what {@link Link.send} returned. */
  readonly notSent: Readonly<Record<Exclude<SendResult, 'sent'>, number>>
  /** Times that the receiving side reported an error (an interface went down) and went on. */
  readonly receiveErrors: number
  /** Times that notifications about interfaces were lost, and the whole list read again. */
  readonly interfaceOverruns: number
  /** Times that the backend had to be started again (the child process of the libpcap backend). */
  readonly restarts: number
}

/** Frames in and out of all interfaces of this system, and the list of interfaces. */
export interface Link {
  /** Opens what it needs and reads the interfaces. @throws if the system refuses; the error tells what is missing. */
  start(): void
  /** By index. The map is replaced, not changed, when something changes. */
  interfaces(): ReadonlyMap<number, LinkInterface>
  /** Sends one frame, from its Ethernet header on. Never throws and never blocks; the bytes may be reused at once. */
  send(interfaceIndex: number, frame: Uint8Array): SendResult
  /** Replaces what is wanted. Until the first call nothing is. */
  setInterest(interest: LinkInterest): void
  /**
   * Takes addresses away from what is wanted, and adds others. How many there are costs next to nothing. For a moment frames
   * for others may wake the process, and are dropped there.
   */
  changeInterest(change: LinkInterestChange): void
  /**
   * Joins a multicast group on an interface, so that the network card and MLD-snooping switches (RFC 4541) let it through.
   * Counted: as many `leaveGroup` undo it. If there is no interface of that index (any more), it is joined when there is one;
   * a re-created interface normally has a new index, and needs a join of its own.
   */
  joinGroup(interfaceIndex: number, group: Ipv6Address): void
  leaveGroup(interfaceIndex: number, group: Ipv6Address): void
  counters(): LinkCounters
  /** Works until the signal aborts, then stops. For a thread with an event loop. Resolves when all is closed. */
  run(signal: AbortSignal): Promise<void>
  /** Closes everything. Idempotent. Nothing is called afterwards. */
  stop(): void
}

/** A link that a worker thread may give its whole time to. */
export interface PollableLink extends Link {
  /**
   * Sleeps until there is work, at most `timeoutMs` (0 to 250 for a worker that must be able to end; −1 is for ever),
   * and does what there is: calls the handlers. Returns after one round, also when woken by {@link wakeFd}.
   */
  poll(timeoutMs: number): void
  /**
   * Number of an eventfd that ends the sleep of {@link poll}; any thread may write to it with {@link wakeLink}.
   * `-1` before the start and after the stop: a number kept longer than that may be another file's.
   */
  readonly wakeFd: number
}
