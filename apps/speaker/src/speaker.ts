import type { Config } from '@clarion-lb/config'
import {
  ENDPOINT_SLICES,
  Informer,
  type InformerProblem,
  type KubeClient,
  type KubeObject,
  keyOf,
  NODES,
  type ObjectKey,
  parseKey,
  SERVICES,
  type V1EndpointSlice,
  type V1Node,
  type V1Service
} from '@clarion-lb/k8s-watch'
import {
  type AnnouncementChanges,
  AnnouncementPlanner,
  isOfClass,
  summarizeEndpoints
} from '@clarion-lb/planner'
import type { CommonMetrics, Service } from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import type { Announcer } from './announcer.ts'
import { KnownNodes } from './known-nodes.ts'
import type { Liveness } from './liveness.ts'
import { LostInterfaces } from './lost-interfaces.ts'
import { memberOf, trimNode } from './node-view.ts'
import type { PlaneEvent, PlaneMember } from './plane/messages.ts'
import type { Plane } from './plane/plane.ts'
import type { SessionsEnd } from './plane/sessions-messages.ts'
import type { Sessions } from './plane/sessions-plane.ts'
import type { RouteAnnouncer } from './route-announcer.ts'
import { trimEndpointSlice, trimService } from './trimmed-objects.ts'
import { wantedPeersOf } from './wanted-peers.ts'

export interface SpeakerOptions {
  readonly client: KubeClient
  readonly node: string
  readonly loadBalancerClass: string
  readonly ignoreExcludeLabel: boolean
  /** Whether a cordoned node is in maintenance. */
  readonly isMaintainedOnCordon: boolean
  /** So long what comes back is not counted on, in milliseconds. */
  readonly takeBackMs: number
  /** Multiplies the times of maintenance. */
  readonly patience: number
  readonly metrics: Pick<CommonMetrics, 'updates'>
  readonly log: Logger
  readonly onProblem: (resource: string, problem: InformerProblem) => void
}

/** What the speaker drives; made after it, since they ask it back. */
export interface SpeakerParts {
  readonly liveness: Liveness
  /** Speakers of MetalLB. */
  readonly rivals: Service
  readonly plane: Plane
  readonly announcer: Announcer
  readonly sessions: Sessions
  readonly routes: RouteAnnouncer
  /** Of Services and sessions. */
  readonly statuses: readonly Service[]
}

/** What the speaker reads of the configuration. */
export type SpeakerConfig = Pick<Config, 'pools' | 'peers' | 'bfdProfiles'>

const SERVICE_LABEL = 'kubernetes.io/service-name'

/**
 * Follows Services, their endpoints, nodes, liveness and configuration, and has the announcer carry out what the planner
 * makes of them. Nothing is announced before all of them are known; while the API server is away, all stays as it was.
 */
export class Speaker implements Service {
  readonly name = 'speaker'
  readonly planner: AnnouncementPlanner
  readonly nodes: Informer<V1Node>
  readonly #known: KnownNodes
  readonly #lost: LostInterfaces
  readonly #options: SpeakerOptions
  readonly #services: Informer<V1Service>
  readonly #slices: Informer<V1EndpointSlice, 'service'>
  #parts: SpeakerParts | undefined
  #config: SpeakerConfig | undefined
  #hasBegun = false
  /** What the plane was told of liveness, as text: most changes of a node are none. */
  #toldLiveness = ''

  constructor(options: SpeakerOptions) {
    this.#options = options
    const { client, node, ignoreExcludeLabel } = options
    this.planner = new AnnouncementPlanner({ node, ignoreExcludeLabel })
    this.#known = new KnownNodes({
      node,
      onCordon: options.isMaintainedOnCordon,
      patience: options.patience,
      onView: (name, view) => this.#apply(this.planner.setNode(name, view)),
      onGracefulShutdown: (isGraceful) => this.#knownParts().sessions.setGracefulShutdown(isGraceful)
    })
    this.#lost = new LostInterfaces({
      settleMs: options.takeBackMs,
      onChange: (names) => this.#knownParts().liveness.tellLostInterfaces(names)
    })
    this.nodes = new Informer({ client, resource: NODES, trim: trimNode })
    this.#services = new Informer({ client, resource: SERVICES, pageSize: 1000, trim: trimService })
    this.#slices = new Informer({
      client,
      resource: ENDPOINT_SLICES,
      pageSize: 1000,
      trim: trimEndpointSlice,
      labelSelector: SERVICE_LABEL,
      indexes: { service: serviceOfSlice }
    })
  }

  attach(parts: SpeakerParts): void {
    this.#parts = parts
  }

  /** Why it announces nothing; `undefined`: it does its work. */
  unreadyBecause(): string | undefined {
    const unready = this.#parts?.liveness.unreadyBecause()
    return unready ?? (this.#hasBegun ? undefined : (this.#missing() ?? 'starting'))
  }

  /** The Service as an event names it. */
  serviceOf(key: string): KubeObject {
    const found = this.#services.cache.get(parseKey(key))
    return found ?? { apiVersion: 'v1', kind: 'Service', metadata: parseKey(key) }
  }

  async start(signal: AbortSignal): Promise<void> {
    const { liveness, plane, rivals } = this.#knownParts()
    await plane.start()
    this.#services.onChange(({ object }) => this.#updateService(keyOf(object)))
    this.#slices.onChange((change) => {
      const before = change.type === 'updated' ? serviceOfSlice(change.previous) : []
      for (const key of new Set([...before, ...serviceOfSlice(change.object)]))
        this.#updateService(parseKey(key))
    })
    this.nodes.onChange((change) => {
      this.#known.apply(change)
      if (!this.#hasBegun) return
      this.#updateLiveness()
      if (change.type !== 'updated') this.#updateMembers()
    })
    for (const informer of [this.#services, this.#slices, this.nodes]) informer.start(signal)
    this.#services.onProblem((problem) => this.#options.onProblem('services', problem))
    this.#slices.onProblem((problem) => this.#options.onProblem('endpointslices', problem))
    this.nodes.onProblem((problem) => this.#options.onProblem('nodes', problem))
    liveness.onChange(() => {
      if (!this.#hasBegun) return
      this.#updateLiveness()
      this.#updateMembers()
    })
    await Promise.all([liveness.start(signal), rivals.start(signal)])
    await Promise.all(
      [this.#services, this.#slices, this.nodes].map(async (informer) => informer.waitForSync(signal))
    )
    this.#begin()
  }

  setConfig(config: SpeakerConfig): void {
    this.#config = config
    if (this.#hasBegun) this.#applyConfig(config)
    else this.#begin()
  }

  /** Pods of MetalLB's speakers, by node: what they can announce is left to them. */
  setRivals(rivals: ReadonlyMap<string, string>): void {
    this.#known.setRivals(rivals)
  }

  onPlaneEvent(event: PlaneEvent): void {
    if (event.type === 'interfaces') this.#lost.setInterfaces(event.interfaces)
  }

  /** Others take over first, then the answers end. */
  async stop(): Promise<void> {
    const { liveness, plane, rivals, sessions, statuses } = this.#knownParts()
    this.#known.stop()
    this.#lost.stop()
    await rivals.stop()
    await liveness.stop()
    await Promise.all([plane.stop(), sessions.stop(this.#end()), ...statuses.map((one) => one.stop())])
    await Promise.all([this.#services.stop(), this.#slices.stop(), this.nodes.stop()])
  }

  /** The first decisions, once all that they depend on is known. */
  #begin(): void {
    const { log } = this.#options
    const config = this.#config
    if (this.#hasBegun || config === undefined || this.#missing() !== undefined) return
    const { announcer, routes, sessions, statuses } = this.#knownParts()
    this.#hasBegun = true
    // Before there is anything to answer for: who is there is to be known first.
    this.#updateLiveness()
    this.#updateMembers()
    this.#applyConfig(config)
    sessions.markComplete()
    for (const one of statuses) void one.start(new AbortController().signal)
    const facts = { services: this.planner.size, addresses: announcer.addresses, prefixes: routes.size }
    log.info(facts, 'announcing')
  }

  #missing(): string | undefined {
    if (!this.#services.hasSynced) return 'Services are not read yet'
    if (!this.#slices.hasSynced) return 'EndpointSlices are not read yet'
    if (!this.nodes.hasSynced) return 'Nodes are not read yet'
    return this.#config === undefined ? 'there is no configuration yet' : undefined
  }

  #updateService(key: ObjectKey): void {
    const { loadBalancerClass, metrics } = this.#options
    metrics.updates.inc()
    const service = this.#services.cache.get(key)
    const id = `${key.namespace}/${key.name}`
    // Services of other types are not even kept in the planner: most of a cluster's are.
    const isOurs = service?.spec?.type === 'LoadBalancer' && isOfClass(service, loadBalancerClass)
    if (!isOurs) {
      this.#apply(this.planner.removeService(id))
      return
    }
    const endpoints = summarizeEndpoints(this.#slices.cache.byIndex('service', id))
    this.#apply(this.planner.setService(service, endpoints))
  }

  #updateLiveness(): void {
    const { liveness, plane } = this.#knownParts()
    const settings = liveness.settings()
    const members = settings === undefined ? [] : this.#members()
    const text =
      settings === undefined ? '' : JSON.stringify([settings.port, settings.keys.map(textOf), members])
    if (text === this.#toldLiveness) return
    this.#toldLiveness = text
    plane.setLiveness(settings === undefined ? undefined : { ...settings, members })
  }

  #members(): readonly PlaneMember[] {
    const unplugged = this.#knownParts().liveness.unpluggedLives()
    return [...this.nodes.cache.values()]
      .flatMap((node) => memberOf(node) ?? [])
      .map((member) => ({ ...member, unpluggedLifeMs: unplugged.get(member.name) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #updateMembers(): void {
    const { announcer, liveness, routes } = this.#knownParts()
    this.#known.setLostInterfaces(liveness.lostInterfaces())
    liveness.retain(new Set(Array.from(this.nodes.cache.values(), ({ metadata }) => metadata?.name ?? '')))
    const members = liveness.members()
    announcer.apply(this.planner.setMembers(this.#withoutDeleted(members)))
    routes.apply(this.planner.setAlive(liveness.alive()))
  }

  /** Who was heard once may not be a node any more. A Lease knows better than a list of nodes. */
  #withoutDeleted(members: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
    const { liveness } = this.#knownParts()
    if (members === undefined || liveness.settings() === undefined) return members
    const { node } = this.#options
    const isThere = (name: string): boolean =>
      name === node || this.nodes.cache.get({ namespace: '', name }) !== undefined
    return new Set([...members].filter(isThere))
  }

  #applyConfig(config: SpeakerConfig): void {
    this.#lost.setNamed(interfacesNamedFor(this.#options.node, config))
    this.#knownParts().routes.setPeers(wantedPeersOf(config, this.#options.node))
    this.#apply(this.planner.setConfig(config))
  }

  #apply({ l2, bgp }: AnnouncementChanges): void {
    const { announcer, routes } = this.#knownParts()
    announcer.apply(l2)
    routes.apply(bgp)
  }

  /** A node that is drained does not come back soon; else another process takes over. */
  #end(): SessionsEnd {
    const { node } = this.#options
    const isDrained = this.nodes.cache.get({ namespace: '', name: node })?.spec?.unschedulable === true
    return isDrained
      ? { mode: 'leave', text: `node ${node} is drained` }
      : { mode: 'restart', text: `the speaker of node ${node} ends` }
  }

  #knownParts(): SpeakerParts {
    if (this.#parts === undefined) throw new Error('attach was not called')
    return this.#parts
  }
}

/** Of all its L2Advertisements. */
function interfacesNamedFor(node: string, { pools }: SpeakerConfig): readonly string[] {
  const advertisements = pools.flatMap(({ l2Advertisements }) => l2Advertisements)
  const ours = advertisements.filter(({ nodes }) => nodes.has(node))
  return [...new Set(ours.flatMap(({ interfaces = [] }) => interfaces))]
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('base64')
}

function serviceOfSlice({ metadata }: V1EndpointSlice): readonly string[] {
  const name = metadata?.labels?.[SERVICE_LABEL]
  return name === undefined ? [] : [`${metadata?.namespace ?? ''}/${name}`]
}
