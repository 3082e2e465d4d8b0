import type { IpAddress, IpFamily } from '@clarion-lb/netaddr'
import { BPF, type BpfInstruction } from './bpf.ts'
import { BpfBuilder } from './bpf-builder.ts'

/** Offset at which a load counts from the IP header (Linux `filter.h`, SKF_NET_OFF = −0x100000). */
const NETWORK_HEADER = 0xfff0_0000
const ACCEPT = 0xffff_ffff
const DROP = 0

/** RFC 791 §3.1 and RFC 8200 §3: where the TTL or hop limit is, and the source address. */
const HEADER = {
  4: { ttl: 8, source: 12 },
  6: { ttl: 7, source: 8 }
} as const

export interface TtlFilterOptions {
  readonly family: IpFamily
  /** For packets from all but {@link TtlFilterOptions.exceptions}, 0–255. */
  readonly minimumTtl: number
  /** Sources with a minimum of their own. Those of the other family are left out. */
  readonly exceptions?: Iterable<{ readonly source: IpAddress; readonly minimumTtl: number }>
}

/**
 * Drops packets whose TTL or hop limit is too low (RFC 5082), for an IPv4 or IPv6 socket of any protocol. Linux has an
 * option for TCP (IP_MINTTL) that UDP sockets take without a word and without effect, so these need a filter.
 */
export function ttlFilter(options: TtlFilterOptions): readonly BpfInstruction[] {
  const { family, minimumTtl, exceptions = [] } = options
  const { ttl, source } = HEADER[family]
  const program = new BpfBuilder()
  const drop = program.return(DROP)
  const accept = program.return(ACCEPT)
  const checks = new Map<number, number>()
  const checkOf = (minimum: number): number => {
    const known = checks.get(minimum)
    if (known !== undefined) return known
    program.jumpIf(BPF.JUMP_GREATER_OR_EQUAL, minimum, accept, drop)
    const check = program.load(BPF.LOAD_BYTE, NETWORK_HEADER + ttl)
    checks.set(minimum, check)
    return check
  }
  const own = [...exceptions].filter((exception) => exception.source.family === family)
  const ownChecks = own.map((exception) => checkOf(exception.minimumTtl))
  let next = program.jump(checkOf(minimumTtl))
  own.forEach((exception, i) => {
    next = matchSource(program, exception.source, NETWORK_HEADER + source, ownChecks[i] ?? next, next)
  })
  return program.build()
}

function matchSource(
  program: BpfBuilder,
  source: IpAddress,
  offset: number,
  yes: number,
  no: number
): number {
  const bytes = source.toBytes()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let target = yes
  for (let word = bytes.length - 4; word >= 0; word -= 4) {
    program.jumpIf(BPF.JUMP_EQUAL, view.getUint32(word), target, no)
    target = program.load(BPF.LOAD_WORD, offset + word)
  }
  return target
}
