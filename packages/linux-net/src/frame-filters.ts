import type { Ipv4Address, Ipv6Address } from '@clarion-lb/netaddr'
import { BPF, BPF_ANCILLARY, type BpfInstruction } from './bpf.ts'
import { BpfBuilder } from './bpf-builder.ts'
import { PACKET_TYPE } from './packet-type.ts'
import { coarsen, hold, type NumberRange, toBlocks, toRanges } from './ranges.ts'

/** A program, and whether it lets through exactly what was asked for. */
export interface FrameFilter<Address> {
  readonly program: readonly BpfInstruction[]
  /** `false` when addresses were too many and too scattered: frames for others between them pass, too. */
  readonly isExact: boolean
  /** Whether frames for this address pass, on the interfaces. */
  readonly admits: (address: Address) => boolean
}

export interface FilterOptions {
  /** Indexes of the interfaces to listen on. */
  readonly interfaces: Iterable<number>
  /**
   * Separate ranges of addresses to tell apart; neighbouring addresses are one range. Default 600, which keeps the program
   * below the kernel's 4096 instructions whatever the addresses are; less where net.core.optmem_max is small.
   */
  readonly maxRanges?: number
  /**
   * Ranges are widened to whole blocks of 2^`blockBits` addresses, so that those next to them, which may be wanted soon, pass
   * already. Default 0.
   */
  readonly blockBits?: number
}

const ACCEPT = 0xffff_ffff
const DROP = 0
const DEFAULT_MAX_RANGES = 600
const MAX_INTERFACE_RANGES = 128
/** Different upper 96 bits of IPv6 addresses to tell apart; pools are mostly within one or two prefixes. */
const MAX_GROUPS = 16

// Offsets from the start of the Ethernet header (RFC 826, RFC 5227; RFC 8200 §3, RFC 4861 §4.3 and §4.4).
const ARP_HARDWARE_AND_PROTOCOL = 14
const ARP_LENGTHS = 18
const ARP_SENDER = 28
const ARP_TARGET = 38
const IPV6_NEXT_HEADER = 20
const ICMPV6_TYPE_AND_CODE = 54
const ND_TARGET = 62

/** Lets nothing through. */
export const DROP_ALL: readonly BpfInstruction[] = [{ code: BPF.RETURN, jt: 0, jf: 0, k: DROP }]
const NOTHING: FrameFilter<unknown> = { program: DROP_ALL, isExact: true, admits: () => false }

/**
 * ARP over Ethernet for IPv4 whose target or sender is one of `addresses`, untagged, on one of the interfaces and
 * addressed to us, by broadcast or multicast. For a socket of EtherType ARP.
 */
export function arpFilter(
  addresses: Iterable<Ipv4Address>,
  options: FilterOptions
): FrameFilter<Ipv4Address> {
  const { interfaces } = options
  const exact = toRanges(numbersOf(addresses))
  const wanted = toRanges(interfaces)
  if (exact.length === 0 || wanted.length === 0) return NOTHING
  const ranges = widen(exact, options)
  const builder = new BpfBuilder()
  const drop = builder.return(DROP)
  const accept = builder.return(ACCEPT)
  builder.search(ranges, accept, drop)
  const sender = builder.load(BPF.LOAD_WORD, ARP_SENDER)
  builder.search(ranges, accept, sender)
  builder.load(BPF.LOAD_WORD, ARP_TARGET)
  builder.require(BPF.LOAD_HALF, ARP_LENGTHS, 0x0604, drop)
  builder.require(BPF.LOAD_WORD, ARP_HARDWARE_AND_PROTOCOL, 0x0001_0800, drop)
  addCommonTests(builder, coarsen(wanted, MAX_INTERFACE_RANGES), drop)
  const isExact = ranges === exact && wanted.length <= MAX_INTERFACE_RANGES
  return { program: builder.build(), isExact, admits: (address) => hold(ranges, address.toNumber()) }
}

/**
 * Neighbour solicitations and advertisements (ICMPv6 135 and 136) whose target is one of `addresses`, as
 * {@link arpFilter}. For a socket of EtherType IPv6. Extension headers are not looked behind: such messages are dropped.
 */
export function neighborFilter(
  addresses: Iterable<Ipv6Address>,
  options: FilterOptions
): FrameFilter<Ipv6Address> {
  const { interfaces, maxRanges = DEFAULT_MAX_RANGES } = options
  const groups = groupByUpperBits(addresses)
  const wanted = toRanges(interfaces)
  if (groups.size === 0 || wanted.length === 0) return NOTHING
  const lowBits = new Map<bigint, readonly NumberRange[]>()
  const builder = new BpfBuilder()
  const drop = builder.return(DROP)
  const accept = builder.return(ACCEPT)
  let isExact = wanted.length <= MAX_INTERFACE_RANGES
  if (groups.size > MAX_GROUPS) {
    // Too many prefixes: the low 32 bits alone tell enough.
    const ranges = widen(toRanges([...groups.values()].flat()), options)
    for (const upper of groups.keys()) lowBits.set(upper, ranges)
    builder.search(ranges, accept, drop)
    builder.load(BPF.LOAD_WORD, ND_TARGET + 12)
    isExact = false
  } else {
    const perGroup = Math.max(1, Math.floor(maxRanges / groups.size))
    let otherwise = drop
    for (const [upper, values] of groups) {
      const exact = toRanges(values)
      const ranges = widen(exact, { ...options, maxRanges: perGroup })
      if (ranges !== exact) isExact = false
      lowBits.set(upper, ranges)
      builder.search(ranges, accept, drop)
      builder.load(BPF.LOAD_WORD, ND_TARGET + 12)
      for (const word of [2, 1, 0]) {
        const k = Number((upper >> BigInt(32 * (2 - word))) & 0xffff_ffffn)
        builder.require(BPF.LOAD_WORD, ND_TARGET + 4 * word, k, otherwise)
      }
      otherwise = builder.here
    }
  }
  const isNeighbor = builder.here
  builder.jumpIf(BPF.JUMP_EQUAL, 136 << 8, isNeighbor, drop)
  builder.jumpIf(BPF.JUMP_EQUAL, 135 << 8, isNeighbor, builder.here)
  builder.load(BPF.LOAD_HALF, ICMPV6_TYPE_AND_CODE)
  builder.require(BPF.LOAD_BYTE, IPV6_NEXT_HEADER, 58, drop)
  addCommonTests(builder, coarsen(wanted, MAX_INTERFACE_RANGES), drop)
  return {
    program: builder.build(),
    isExact,
    admits: (address) => {
      const value = address.toBigInt()
      return hold(lowBits.get(value >> 32n) ?? [], Number(value & 0xffff_ffffn))
    }
  }
}

function widen(
  ranges: readonly NumberRange[],
  { maxRanges = DEFAULT_MAX_RANGES, blockBits = 0 }: FilterOptions
): readonly NumberRange[] {
  return coarsen(blockBits === 0 ? ranges : toBlocks(ranges, blockBits), maxRanges)
}

/** Put last, so done first: most frames of a busy segment end here. */
function addCommonTests(builder: BpfBuilder, interfaces: ReturnType<typeof toRanges>, drop: number): void {
  builder.search(interfaces, builder.here, drop)
  builder.load(BPF.LOAD_WORD, BPF_ANCILLARY.INTERFACE_INDEX)
  builder.jumpIf(BPF.JUMP_GREATER, PACKET_TYPE.MULTICAST, drop, builder.here)
  builder.load(BPF.LOAD_WORD, BPF_ANCILLARY.PACKET_TYPE)
  builder.require(BPF.LOAD_WORD, BPF_ANCILLARY.VLAN_TAG_PRESENT, 0, drop)
}

function numbersOf(addresses: Iterable<Ipv4Address>): number[] {
  return Array.from(addresses, (address) => address.toNumber())
}

function groupByUpperBits(addresses: Iterable<Ipv6Address>): Map<bigint, number[]> {
  const groups = new Map<bigint, number[]>()
  for (const address of addresses) {
    const value = address.toBigInt()
    const upper = value >> 32n
    const values = groups.get(upper) ?? []
    values.push(Number(value & 0xffff_ffffn))
    groups.set(upper, values)
  }
  return groups
}
