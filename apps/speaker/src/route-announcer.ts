import type { EventRecorder, KubeObject } from '@clarion-lb/k8s-watch'
import {
  type AnnouncementPlanner,
  type BgpChange,
  type BgpDecision,
  type PeerDifference,
  type WantedRoute,
  WantedRoutes
} from '@clarion-lb/planner'
import type { Logger } from 'pino'
import type { AnnouncedAddress } from './metrics.ts'
import type { RouteMessage, RoutesChange, WantedPeer } from './plane/sessions-messages.ts'
import type { Sessions } from './plane/sessions-plane.ts'
import type { WantedStatus } from './service-statuses.ts'

export interface RouteAnnouncerOptions {
  readonly node: string
  readonly planner: Pick<AnnouncementPlanner, 'bgpDecisionOf'>
  readonly sessions: Pick<Sessions, 'setPeers' | 'setRoutes'>
  readonly recorder: Pick<EventRecorder, 'record'>
  readonly log: Logger
  /** The Service, for events about it. */
  readonly serviceOf: (key: string) => KubeObject
  /** The status object of a Service may have to be another now. */
  readonly onStatus: (key: string) => void
}

type Advertised = Extract<BgpDecision, { outcome: 'advertise' }>

/** Carries decisions about BGP out: tells the sessions, the owner of the Service and the log, once for each change. */
export class RouteAnnouncer {
  readonly #options: RouteAnnouncerOptions
  readonly #wanted = new WantedRoutes()
  readonly #messages = new WeakMap<WantedRoute, RouteMessage>()
  /** What the owner of each advertised Service was told. */
  readonly #told = new Map<string, string>()
  /** Conflicts that the log was told of. */
  #conflicts: ReadonlySet<string> = new Set()

  constructor(options: RouteAnnouncerOptions) {
    this.#options = options
  }

  /** Number of prefixes that are advertised. */
  get size(): number {
    return this.#wanted.size
  }

  apply(changes: readonly BgpChange[]): void {
    if (changes.length === 0) return
    const differences = this.#wanted.apply(changes)
    this.#send(differences)
    for (const change of changes) this.#follow(change)
    for (const key of this.#concernedBy(differences)) this.#options.onStatus(key)
    this.#tellConflicts()
  }

  setPeers(peers: readonly WantedPeer[]): void {
    const { sessions, onStatus } = this.#options
    const differences = this.#wanted.setPeers(peers.map(({ name }) => name))
    sessions.setPeers(peers)
    this.#send(differences)
    for (const key of this.#concernedBy(differences)) onStatus(key)
  }

  /** All that a peer is told, for a thread that starts again. */
  routesOf(peer: string): readonly RouteMessage[] {
    return this.#wanted.routesOf(peer).map((route) => this.#messageOf(route))
  }

  /** What the status object of a Service should say; `undefined`: there should be none of this node. */
  wantedStatusOf(key: string): WantedStatus | undefined {
    const peers = this.#wanted.peersOf(key)
    return peers.length === 0 ? undefined : { peers: [...peers] }
  }

  *announced(): Generator<AnnouncedAddress, void, undefined> {
    for (const service of this.#told.keys()) {
      const decision = this.#options.planner.bgpDecisionOf(service)
      if (decision?.outcome !== 'advertise') continue
      for (const address of decision.addresses)
        yield { service, protocol: 'bgp', address: address.toString() }
    }
  }

  /** Services whose prefixes peers are told otherwise of: several may have one in common. */
  #concernedBy(differences: readonly PeerDifference[]): ReadonlySet<string> {
    const keys = new Set<string>()
    const prefixes = new Set(
      differences.flatMap(({ set, remove }) => [...set.map(({ prefix }) => prefix.toString()), ...remove])
    )
    for (const prefix of prefixes) for (const key of this.#wanted.servicesOf(prefix)) keys.add(key)
    return keys
  }

  #send(differences: readonly PeerDifference[]): void {
    if (differences.length === 0) return
    const changes = differences.map(
      ({ peer, set, remove }): RoutesChange => ({
        peer,
        set: set.map((route) => this.#messageOf(route)),
        remove
      })
    )
    this.#options.sessions.setRoutes(changes)
  }

  /** Peers that are told the same are told by one object, in the message too. */
  #messageOf(route: WantedRoute): RouteMessage {
    const known = this.#messages.get(route)
    if (known !== undefined) return known
    const message: RouteMessage = {
      prefix: route.prefix.toString(),
      localPref: route.localPref === 0 ? undefined : route.localPref,
      communities: route.communities.flatMap((one) => (one.type === 'standard' ? one.value : [])),
      largeCommunities: route.communities.flatMap((one) => (one.type === 'large' ? one : []))
    }
    this.#messages.set(route, message)
    return message
  }

  #follow({ key, after }: BgpChange): void {
    const { log, recorder, onStatus, serviceOf } = this.#options
    if (after?.outcome === 'advertise') {
      this.#tell(key, after)
      return
    }
    const wasAdvertised = this.#told.delete(key)
    const facts = { service: key, reason: after?.reason ?? 'serviceDeleted', because: after?.because }
    if (wasAdvertised) {
      log.info(facts, 'route withdrawn')
      onStatus(key)
    } else log.debug(facts, 'no route')
    // The objects contradict each other: nobody else will tell.
    if (after?.reason === 'conflictingAdvertisements')
      recorder.record(serviceOf(key), 'Warning', 'announceFailed', after.because)
  }

  #tell(key: string, { addresses, routes }: Advertised): void {
    const { log, node, recorder, serviceOf, onStatus } = this.#options
    const prefixes = [...new Set(routes.map(({ prefix }) => prefix.toString()))]
    const text = `${addresses.join()} ${prefixes.join()}`
    onStatus(key)
    if (this.#told.get(key) === text) return
    this.#told.set(key, text)
    const message = `announcing from node ${JSON.stringify(node)} with protocol "bgp"`
    recorder.record(serviceOf(key), 'Normal', 'nodeAssigned', message)
    log.info({ service: key, prefixes }, 'route advertised')
  }

  #tellConflicts(): void {
    const conflicts = this.#wanted.conflicts()
    for (const { prefix, services, because } of conflicts)
      if (!this.#conflicts.has(because))
        this.#options.log.warn({ prefix, services, because }, 'route conflict')
    this.#conflicts = new Set(conflicts.map(({ because }) => because))
  }
}
