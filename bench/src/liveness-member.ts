// Members of a failure detector in one process, started as the speaker is. Usage: liveness-member.js OPTIONS-AS-JSON
import { Liveness } from '@clarion-lb/liveness'
import { parseIpAddress } from '@clarion-lb/netaddr'

export interface MemberOptions {
  /** Those that are in this process. */
  readonly own: readonly string[]
  readonly all: readonly { readonly id: string; readonly port: number }[]
  readonly periodMs: number
}

/** That one member holds another to be dead. */
export interface ToldDeath {
  readonly by: string
  readonly id: string
  /** CLOCK_MONOTONIC, milliseconds: the same in all processes. */
  readonly atMs: number
}

/** Told when it is asked for, by any message. */
export interface MemberState {
  /** The least number of others that a member here holds to be alive. */
  readonly leastAlive: number
  /** Of all members here, since the start, with UDP and IPv4 headers. */
  readonly bytesSent: number
  readonly datagramsSent: number
  /** Since the last time that this was told. */
  readonly deaths: readonly ToldDeath[]
}

const UDP_AND_IPV4_BYTES = 28
const KEY = new Uint8Array(32).fill(1)

start(JSON.parse(process.argv[2] ?? '{}'))

function start({ own, all, periodMs }: MemberOptions): void {
  const address = parseIpAddress('127.0.0.1')
  const list = all.map((member) => ({ ...member, address }))
  let deaths: ToldDeath[] = []
  const members = list
    .filter(({ id }) => own.includes(id))
    .map(({ id: by, port }) => {
      const member = new Liveness({
        id: by,
        keys: [KEY],
        port,
        localAddress: address,
        parameters: { periodMs }
      })
      member.on('dead', ({ id }) => deaths.push({ by, id, atMs: Number(process.hrtime.bigint()) / 1e6 }))
      member.setMembers(list)
      return member
    })
  for (const member of members) member.start()
  const ids = all.map(({ id }) => id)
  process.on('message', () => {
    process.send?.(stateOf(members, ids, deaths))
    deaths = []
  })
  process.once('disconnect', () => process.exit())
}

function stateOf(
  members: readonly Liveness[],
  ids: readonly string[],
  deaths: readonly ToldDeath[]
): MemberState {
  const counters = members.flatMap((member) => member.counters ?? [])
  const datagramsSent = counters.reduce((sum, one) => sum + one.datagramsSent, 0)
  const payloadBytes = counters.reduce((sum, one) => sum + one.bytesSent, 0)
  return {
    leastAlive: Math.min(...members.map((member) => aliveOf(member, ids))),
    bytesSent: payloadBytes + datagramsSent * UDP_AND_IPV4_BYTES,
    datagramsSent,
    deaths
  }
}

function aliveOf(member: Liveness, ids: readonly string[]): number {
  return ids.filter((id) => id !== member.id && member.verdictOf(id)?.standing === 'alive').length
}
