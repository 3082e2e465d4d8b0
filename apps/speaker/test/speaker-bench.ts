import type { JsonObject } from '@clarion-lb/kube-sim'
import { electionDigest } from '@clarion-lb/planner'
import { parseFlags, type Service } from '@clarion-lb/runtime'
import {
  afterwards,
  endpointSlice,
  l2Advertisement,
  NAMESPACE,
  node,
  pool,
  service,
  serviceRef,
  TestCluster
} from '@clarion-lb/runtime/testing'
import type { DependencyContainer } from 'tsyringe'
import { expect } from 'vitest'
import { createContainer } from '../src/container.ts'
import { SPEAKER_FLAGS } from '../src/flags.ts'
import type { PlaneEvent } from '../src/plane/messages.ts'
import { SessionLog } from '../src/session-log.ts'
import { settingsOf } from '../src/settings.ts'
import {
  ALL_SERVICES,
  CLIENT,
  LOG,
  PLANE,
  PLANE_EVENTS,
  SESSION_STATES,
  SESSIONS,
  SETTINGS
} from '../src/tokens.ts'
import { FakePlane } from './fake-plane.ts'
import { LoopSessions } from './loop-sessions.ts'

/** With these liveness comes from Leases. */
export const WITH_LEASES: readonly string[] = [
  '--ml-bindaddr=192.0.2.1',
  '--ml-labels=app=metallb',
  '--liveness=off'
]

/** A whole speaker in this process, without ports and without frames. */
export class SpeakerBench {
  readonly root: DependencyContainer
  readonly plane: FakePlane
  readonly #services: readonly Service[]
  readonly #signal = new AbortController()

  private constructor(root: DependencyContainer, plane: FakePlane) {
    this.root = root
    this.plane = plane
    this.#services = root.resolve(ALL_SERVICES)
  }

  /** Everything registered, nothing started. */
  static async create(
    cluster: TestCluster,
    nodeName = 'n1',
    argv: readonly string[] = []
  ): Promise<SpeakerBench> {
    const common = [
      '--port=0',
      '--health-probe-port=0',
      `--namespace=${NAMESPACE}`,
      `--node-name=${nodeName}`
    ]
    const invocation = { name: 'speaker', description: '', argv: [...common, ...argv], env: {} }
    const parsed = parseFlags(invocation, SPEAKER_FLAGS)
    if (parsed === undefined) throw new Error('help was asked for')
    const root = createContainer()
    const plane = new FakePlane({
      node: nodeName,
      onEvent: (event) => root.resolve(PLANE_EVENTS)(event),
      onChange: () => cluster.ring()
    })
    root.register(PLANE, { useValue: plane })
    const sessionLog = new SessionLog(cluster.log)
    const touch = (peer: string): void => {
      root.resolve(SESSION_STATES).touch(peer)
      cluster.ring()
    }
    const sessions = new LoopSessions(
      nodeName,
      (state) => {
        sessionLog.tell(state)
        touch(state.name)
      },
      touch
    )
    root.register(SESSIONS, { useValue: sessions })
    root.register(SETTINGS, { useValue: { ...settingsOf(parsed.values), pod: undefined } })
    root.register(LOG, { useValue: cluster.log })
    root.register(CLIENT, { useValue: await cluster.client(`speaker-${nodeName}`) })
    return new SpeakerBench(root, plane)
  }

  /** Starts, and waits until it has taken its first decisions. */
  static async start(
    cluster: TestCluster,
    nodeName = 'n1',
    argv: readonly string[] = []
  ): Promise<SpeakerBench> {
    const begun = cluster.logs('announcing').length
    const bench = await SpeakerBench.create(cluster, nodeName, argv)
    afterwards(() => bench.stop())
    for (const one of bench.#services) await one.start(bench.#signal.signal)
    await eventuallyBegun(cluster, begun + 1)
    return bench
  }

  /** As if the plane told it. */
  tell(event: PlaneEvent): void {
    this.root.resolve(PLANE_EVENTS)(event)
  }

  async stop(): Promise<void> {
    this.#signal.abort()
    for (const one of this.#services.toReversed()) await one.stop()
  }
}

async function eventuallyBegun(cluster: TestCluster, times: number): Promise<void> {
  await cluster.eventually(() => expect(cluster.logs('announcing').length).toBeGreaterThanOrEqual(times))
}

/** A cluster of these nodes with pool 192.0.2.0/24, announced by layer 2 from everywhere. */
export async function startCluster(...nodes: readonly string[]): Promise<TestCluster> {
  const cluster = await TestCluster.start()
  for (const name of nodes) cluster.put(node(name))
  cluster.put(pool('main', ['192.0.2.0/24']))
  cluster.put(l2Advertisement('all'))
  return cluster
}

export interface ServiceOptions {
  readonly address: string
  /** Where its ready endpoints are. */
  readonly nodes: readonly string[]
  readonly spec?: JsonObject
  readonly metadata?: JsonObject
}

/** A Service that has an address and endpoints. */
export function putService(cluster: TestCluster, name: string, options: ServiceOptions): void {
  const { address, nodes, spec, metadata } = options
  cluster.put(service(name, spec, metadata))
  cluster.put(endpointSlice(name, nodes))
  setAddress(cluster, name, address)
}

export function setAddress(cluster: TestCluster, name: string, ...addresses: readonly string[]): void {
  const status = { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } }
  cluster.change(serviceRef(name), (current) => ({ ...current, status }), 'status')
}

/** The first address of the pool that the first of these nodes announces, if all are candidates. */
export function addressWonBy(winner: string, ...others: readonly string[]): string {
  for (let last = 1; last < 255; last += 1) {
    const address = `192.0.2.${last}`
    const own = electionDigest(winner, address)
    if (others.every((other) => own < electionDigest(other, address))) return address
  }
  throw new Error(`${winner} never wins`)
}
