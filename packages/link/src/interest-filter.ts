import {
  arpFilter,
  ERRNO,
  type FilterOptions,
  type FrameFilter,
  LinuxNetError,
  neighborFilter,
  type PacketSocket
} from '@clarion-lb/linux-net'
import type { IpAddress, Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import type { FrameMatcher } from './frame-matcher.ts'

/** Making a fine filter takes milliseconds: it waits until nothing has changed for so long. */
const REFINE_AFTER_MS = 1000
/** Ranges of addresses in a filter; the coarser ones are for systems with a small net.core.optmem_max. */
const FINE = { finest: 256, coarser: [256, 100, 50, 16] } as const
/** To let one more address through at once: a short program, with room for those that come next. */
const QUICK = { finest: 16, coarser: [], blockBits: 6 } as const

type Fineness = typeof FINE | typeof QUICK
type Ranges = Pick<FilterOptions, 'maxRanges' | 'blockBits'>

/**
 * Keeps the kernel's filters of two sockets in step with what is wanted. One address more costs nothing if they let it
 * through already, and a short program if not; one less costs nothing. Meanwhile {@link InterestFilter.wants} drops what
 * is let through for others, until there is time to make the finest filters again.
 */
export class InterestFilter {
  readonly #arp: PacketSocket
  readonly #neighbor: PacketSocket
  #wanted: FrameMatcher
  #arpFilter: FrameFilter<Ipv4Address>
  #neighborFilter: FrameFilter<Ipv6Address>
  /** By the caller's clock; `undefined`: the filters are as fine as can be. */
  #changedAtMs: number | undefined

  /** @throws LinuxNetError if the kernel takes no filter at all */
  constructor(arp: PacketSocket, neighbor: PacketSocket, wanted: FrameMatcher) {
    this.#arp = arp
    this.#neighbor = neighbor
    this.#wanted = wanted
    this.#arpFilter = this.#installArp(FINE)
    this.#neighborFilter = this.#installNeighbor(FINE)
  }

  /** Something else is wanted now. @throws LinuxNetError if the kernel takes no filter at all */
  replace(wanted: FrameMatcher): void {
    this.#wanted = wanted
    this.#installFinest()
  }

  /** What is wanted has changed; these are new in it. @throws LinuxNetError if the kernel takes no filter at all */
  widen(added: readonly IpAddress[], nowMs: number): void {
    let isArpNarrow = false
    let isNeighborNarrow = false
    for (const address of added) {
      if (address.family === 4) isArpNarrow ||= !this.#arpFilter.admits(address)
      else isNeighborNarrow ||= !this.#neighborFilter.admits(address)
    }
    if (isArpNarrow) this.#arpFilter = this.#installArp(QUICK)
    if (isNeighborNarrow) this.#neighborFilter = this.#installNeighbor(QUICK)
    this.#changedAtMs = nowMs
  }

  /** Makes the finest filters, if it is time. To be called now and then. @throws LinuxNetError as `replace` */
  refine(nowMs: number): void {
    if (this.#changedAtMs !== undefined && nowMs - this.#changedAtMs >= REFINE_AFTER_MS) this.#installFinest()
  }

  /** Whether a frame that the kernel let through is wanted. */
  wants(frame: Uint8Array, interfaceIndex: number): boolean {
    return this.#isExact || this.#wanted.matches(frame, interfaceIndex)
  }

  get #isExact(): boolean {
    return this.#changedAtMs === undefined && this.#arpFilter.isExact && this.#neighborFilter.isExact
  }

  #installFinest(): void {
    this.#arpFilter = this.#installArp(FINE)
    this.#neighborFilter = this.#installNeighbor(FINE)
    this.#changedAtMs = undefined
  }

  #installArp(fineness: Fineness): FrameFilter<Ipv4Address> {
    const wanted = this.#wanted
    return install(this.#arp, fineness, (ranges) =>
      arpFilter(wanted.arpAddresses(), { interfaces: wanted.interfaces, ...ranges })
    )
  }

  #installNeighbor(fineness: Fineness): FrameFilter<Ipv6Address> {
    const wanted = this.#wanted
    return install(this.#neighbor, fineness, (ranges) =>
      neighborFilter(wanted.ndpAddresses(), { interfaces: wanted.interfaces, ...ranges })
    )
  }
}

/** Puts the finest filter in place that the kernel has room for. */
function install<Address>(
  socket: PacketSocket,
  { finest, coarser, ...more }: Fineness,
  build: (ranges: Ranges) => FrameFilter<Address>
): FrameFilter<Address> {
  const first = tryInstall(socket, build({ maxRanges: finest, ...more }))
  if (first !== undefined) return first
  // Old and new filter count together: a small one in between makes room for the next.
  const coarsest = tryInstall(socket, build({ maxRanges: 1 }))
  if (coarsest === undefined) throw new LinuxNetError('setsockopt SO_ATTACH_FILTER', ERRNO.ENOMEM)
  for (const maxRanges of coarser) {
    const filter = tryInstall(socket, build({ maxRanges }))
    if (filter !== undefined) return filter
  }
  return coarsest
}

/** `undefined` if there is no room for it: net.core.optmem_max. */
function tryInstall<Address>(
  socket: PacketSocket,
  filter: FrameFilter<Address>
): FrameFilter<Address> | undefined {
  try {
    socket.setFilter(filter.program)
    return filter
  } catch (error) {
    if (error instanceof LinuxNetError && error.errno === ERRNO.ENOMEM) return undefined
    throw error
  }
}
