import { setTimeout as sleep } from 'node:timers/promises'
import { SEGMENT, withoutPrefixLength } from '../addresses.ts'
import { Cluster } from '../cluster.ts'
import { SegmentFaults } from '../segment/segment-faults.ts'
import { type DeclaredDeath, readDeaths } from './declared-deaths.ts'
import type { AddressReport } from './stream-report.ts'
import { compileStream, reflectStream, STREAM_LINGER_MS, UdpStream } from './udp-stream.ts'

export interface FailoverConditions {
  readonly addressCount: number
  /** Packets a second to each address. */
  readonly rate: number
  /** Of the speakers, as their flag has it. */
  readonly takeBackDelay: string
}

/** Where failover is measured, and where it is tested. The delay is shorter than the default, since each round waits for it. */
export const FAILOVER_CONDITIONS: FailoverConditions = {
  addressCount: 50,
  rate: 1000,
  takeBackDelay: '2s'
}

export interface FailoverLabOptions extends FailoverConditions {
  readonly directory: string
  /** Of the repository. */
  readonly root: string
  readonly nodeCount: number
}

/** Who answers, by address. */
export type Owners = ReadonlyMap<string, string>

const FIRST_HOST = 150
const POLL_MS = 50
/** Who was answered so lately is answered now. */
const FRESH_MS = 250
/** Nothing moved for so long: nothing is about to. */
const SETTLED_MS = 1500
const TIMEOUT_MS = 60_000
const MOVE_TIMEOUT_MS = 15_000
const POOL = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool' } as const
const SYSTEM = 'metallb-system'

/** A cluster with many addresses, and a client that sends to all of them all the time. */
export class FailoverLab {
  readonly cluster: Cluster
  readonly faults: SegmentFaults = new SegmentFaults()
  readonly addresses: readonly string[]
  readonly #options: FailoverLabOptions
  #stream: UdpStream | undefined

  constructor(options: FailoverLabOptions) {
    const { directory, root, nodeCount, addressCount, takeBackDelay } = options
    const env = { CLARION_TAKE_BACK_DELAY: takeBackDelay }
    this.#options = options
    this.cluster = new Cluster({ directory, root, nodeCount, env })
    this.addresses = Array.from({ length: addressCount }, (_, i) => `192.168.100.${FIRST_HOST + i}`)
  }

  get stream(): UdpStream {
    if (this.#stream === undefined) throw new Error('the lab has not been started')
    return this.#stream
  }

  /** Resolves when each address is answered by one of the nodes. */
  async start(progress: (text: string) => void = () => undefined): Promise<void> {
    const { directory, rate } = this.#options
    await this.cluster.start(progress)
    const program = await compileStream(directory)
    const { segment, nodeNames } = this.cluster
    const client = withoutPrefixLength(SEGMENT.client[0])
    await Promise.all(
      nodeNames.map(async (name, i) => reflectStream(segment, { name, number: i + 1 }, client))
    )
    await this.#createServices()
    const prefix = segment.enter('client')
    this.#stream = new UdpStream({ program, prefix, addresses: this.addresses, rate })
    this.#stream.start()
    await this.settle()
    progress(`${this.addresses.length} addresses answered, ${rate} packets a second to each`)
  }

  async stop(): Promise<void> {
    await this.#stream?.stop()
    await this.cluster.stop()
  }

  /** CLOCK_MONOTONIC, milliseconds: the clock of reports. */
  now(): number {
    return Number(process.hrtime.bigint()) / 1e6
  }

  /** The node that answered each address last; those that nobody answers now are left out. */
  async owners(): Promise<Owners> {
    const { nowMs, addresses } = await this.stream.state()
    return new Map(
      addresses.flatMap(({ address, node, answeredAtMs }) => {
        const name = this.cluster.nodeNames[node - 1]
        return name === undefined || nowMs - answeredAtMs > FRESH_MS ? [] : [[address, name] as const]
      })
    )
  }

  /** Resolves with whether it became so in time. */
  async until(isSo: (owners: Owners) => boolean, timeoutMs: number): Promise<boolean> {
    const deadlineMs = this.now() + timeoutMs
    for (;;) {
      if (isSo(await this.owners())) return true
      if (this.now() > deadlineMs) return false
      await sleep(POLL_MS)
    }
  }

  /** Resolves with whether all addresses came to be answered by other nodes than this one. */
  async untilMoved(victim: string): Promise<boolean> {
    const isMoved = (owners: Owners): boolean =>
      owners.size === this.addresses.length && ![...owners.values()].includes(victim)
    return this.until(isMoved, MOVE_TIMEOUT_MS)
  }

  /**
   * Resolves when all addresses are answered, by `wanted` if that is given, and nothing has moved for a while.
   *
   * @throws Error when that takes too long
   */
  async settle(wanted?: Owners): Promise<Owners> {
    let before = ''
    let sinceMs = this.now()
    const isSettled = (owners: Owners): boolean => {
      const text = JSON.stringify([...owners])
      const isRight =
        wanted === undefined || this.addresses.every((one) => owners.get(one) === wanted.get(one))
      if (text !== before || !isRight || owners.size < this.addresses.length) sinceMs = this.now()
      before = text
      return this.now() - sinceMs > SETTLED_MS
    }
    if (await this.until(isSettled, TIMEOUT_MS)) return this.owners()
    throw new Error(`not settled within ${TIMEOUT_MS} ms: ${before}`)
  }

  /** Verdicts of all speakers since the start. */
  async deaths(): Promise<readonly DeclaredDeath[]> {
    const { cluster } = this
    return readDeaths(new Map(cluster.nodeNames.map((name) => [name, cluster.logFile(`speaker-${name}`)])))
  }

  /** What became of all packets that were sent since the last time. */
  async report(): Promise<readonly AddressReport[]> {
    await sleep(STREAM_LINGER_MS)
    return this.stream.report()
  }

  async #createServices(): Promise<void> {
    const { api } = this.cluster
    const [first = '', last = ''] = [this.addresses[0], this.addresses.at(-1)]
    await api.apply({
      ...POOL,
      metadata: { name: 'failover', namespace: SYSTEM },
      spec: { addresses: [`${first}-${last}`] }
    })
    await api.apply({
      ...POOL,
      kind: 'L2Advertisement',
      metadata: { name: 'failover', namespace: SYSTEM },
      spec: {}
    })
    for (const [i, address] of this.addresses.entries())
      await api.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `failover-${i}`, annotations: { 'metallb.io/loadBalancerIPs': address } },
        spec: {
          type: 'LoadBalancer',
          selector: { app: 'web' },
          ports: [{ name: 'http', port: 80, targetPort: 8080 }]
        }
      })
  }
}
