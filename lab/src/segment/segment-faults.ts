import { run } from '../shell.ts'
import { BRIDGE, portOf } from './segment.ts'

/** Seen from the segment: `from` is what a host sends, `to` what it should receive. */
export type Direction = 'from' | 'to'

export interface LossOptions {
  readonly directions: readonly Direction[]
  /** Of the frames, 0–100, each by chance. */
  readonly percent: number
  /** Datagrams from and to this port come through: those that measure. */
  readonly exceptUdpPort?: number | undefined
}

const OTHER_BRIDGE = 'br1'
const TABLE = 'clarion-faults'
const HOOKS = { from: 'ingress', to: 'egress' } as const

/**
 * Faults of the segment itself, which hosts on it do not see at their own interface: the carrier stays. Frames are dropped
 * at the bridge's ports, since packet sockets of a host see what its own filters drop.
 */
export class SegmentFaults {
  readonly #lossy = new Set<string>()

  /** The port of a host leaves the bridge: nothing comes or goes. */
  async cut(host: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(host), 'nomaster'])
  }

  async mend(host: string): Promise<void> {
    await run('ip', ['link', 'set', portOf(host), 'master', BRIDGE])
  }

  /** These hosts have a bridge of their own from now on. */
  async split(hosts: readonly string[]): Promise<void> {
    await run('ip', ['link', 'add', OTHER_BRIDGE, 'type', 'bridge', 'mcast_snooping', '0'])
    await run('ip', ['link', 'set', OTHER_BRIDGE, 'up'])
    // In one go, so that there is no time in which each of them is alone.
    const moves = hosts.map((host) => `link set ${portOf(host)} master ${OTHER_BRIDGE}\n`)
    await run('ip', ['-batch', '-'], moves.join(''))
  }

  async join(hosts: readonly string[]): Promise<void> {
    const moves = hosts.map((host) => `link set ${portOf(host)} master ${BRIDGE}\n`)
    await run('ip', ['-batch', '-'], moves.join(''))
    await run('ip', ['link', 'del', OTHER_BRIDGE])
  }

  /** Frames of these hosts get lost, until {@link SegmentFaults.spare}. */
  async lose(hosts: readonly string[], options: LossOptions): Promise<void> {
    const { directions, percent, exceptUdpPort } = options
    const except =
      exceptUdpPort === undefined
        ? ''
        : `udp sport ${exceptUdpPort} accept; udp dport ${exceptUdpPort} accept; `
    const chance = percent >= 100 ? '' : `numgen random mod 100 < ${percent} `
    const chains = hosts.flatMap((host) =>
      directions.map(
        (direction) => `  chain ${portOf(host)}-${direction} {
    type filter hook ${HOOKS[direction]} device "${portOf(host)}" priority 0;
    ${except}${chance}drop
  }`
      )
    )
    for (const host of hosts) this.#lossy.add(host)
    await run('nft', ['-f', '-'], `table netdev ${TABLE} {\n${chains.join('\n')}\n}\n`)
  }

  /** Nothing gets lost any more. */
  async spare(): Promise<void> {
    if (this.#lossy.size === 0) return
    this.#lossy.clear()
    await run('nft', ['delete', 'table', 'netdev', TABLE])
  }
}
