import type { EventRecorder, KubeObject } from '@clarion-lb/k8s-watch'
import {
  type AnnouncementPlanner,
  type L2Change,
  type L2Decision,
  WantedAddresses
} from '@clarion-lb/planner'
import type { Logger } from 'pino'
import type { AnnouncedAddress } from './metrics.ts'
import type { PlaneEvent, PlaneInterface } from './plane/messages.ts'
import type { Plane } from './plane/plane.ts'
import type { WantedStatus } from './service-statuses.ts'

export interface AnnouncerOptions {
  readonly node: string
  readonly planner: Pick<AnnouncementPlanner, 'l2DecisionOf'>
  readonly plane: Pick<Plane, 'apply'>
  readonly recorder: Pick<EventRecorder, 'record'>
  readonly log: Logger
  /** The Service, for events about it. */
  readonly serviceOf: (key: string) => KubeObject
  /** The status object of a Service may have to be another now. */
  readonly onStatus: (key: string) => void
}

type Announcement = Extract<L2Decision, { outcome: 'announce' }>

interface Told {
  /** Equal for what needs not be told again. */
  readonly text: string
  readonly isFailure: boolean
}

/** Carries decisions out: tells the plane, the owner of the Service, the metrics and the log, once for each change. */
export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #wanted = new WantedAddresses()
  readonly #told = new Map<string, Told>()
  #interfaces: readonly PlaneInterface[] | undefined

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  /** Number of addresses that are announced. */
  get addresses(): number {
    return this.#wanted.size
  }

  apply(changes: readonly L2Change[]): void {
    if (changes.length === 0) return
    const difference = this.#wanted.apply(changes)
    if (difference.set.length + difference.remove.length > 0) this.#options.plane.apply(difference)
    for (const change of changes) this.#follow(change)
  }

  /** What the status object of a Service should say; `undefined`: there should be none of this node. */
  wantedStatusOf(key: string): WantedStatus | undefined {
    const decision = announcementOf(this.#options.planner.l2DecisionOf(key))
    if (decision === undefined || this.#told.get(key)?.isFailure === true) return undefined
    const { interfaces } = decision
    return interfaces === undefined ? {} : { interfaces: interfaces.map((name) => ({ name })) }
  }

  /** What is announced, and has an interface to be announced on. */
  *announced(): Generator<AnnouncedAddress, void, undefined> {
    for (const [service, { isFailure }] of this.#told) {
      const decision = announcementOf(this.#options.planner.l2DecisionOf(service))
      if (isFailure) continue
      for (const address of addressesOf(decision)) yield { service, protocol: 'layer2', address }
    }
  }

  onPlaneEvent(event: PlaneEvent): void {
    if (event.type === 'conflict') {
      this.#tellConflict(event)
      return
    }
    this.#interfaces = event.interfaces
    this.#options.log.info({ interfaces: event.interfaces }, 'interfaces')
    for (const key of this.#told.keys()) {
      const decision = announcementOf(this.#options.planner.l2DecisionOf(key))
      if (decision !== undefined) this.#tell(key, decision)
    }
  }

  #follow({ key, after }: L2Change): void {
    const { log, onStatus } = this.#options
    const is = announcementOf(after)
    if (is !== undefined) {
      this.#tell(key, is)
      return
    }
    const wasAnnounced = this.#told.delete(key)
    const reason = after?.outcome === 'withhold' ? after.reason : 'serviceDeleted'
    const facts = { service: key, reason, because: after?.because, announcer: after?.announcer }
    if (!wasAnnounced) {
      log.debug(facts, 'not announced')
      return
    }
    log.info(facts, 'withdrawn')
    onStatus(key)
  }

  /** Tells that it is announced, or that there is no interface to do so on; not twice. */
  #tell(key: string, decision: Announcement): void {
    const { log, node, recorder, onStatus } = this.#options
    const addresses = addressesOf(decision)
    const failure = this.#failureOf(decision)
    const text = failure ?? `${addresses.join()} ${decision.interfaces?.join() ?? '*'}`
    if (this.#told.get(key)?.text === text) return
    this.#told.set(key, { text, isFailure: failure !== undefined })
    const service = this.#options.serviceOf(key)
    if (failure === undefined) {
      const message = `announcing from node ${JSON.stringify(node)} with protocol "layer2"`
      recorder.record(service, 'Normal', 'nodeAssigned', message)
      log.info({ service: key, addresses, interfaces: decision.interfaces }, 'announced')
    } else {
      recorder.record(service, 'Warning', 'announceFailed', failure)
      log.warn({ service: key, because: failure }, 'not announced')
    }
    onStatus(key)
  }

  /** Interfaces that are named must be there; they may be down. */
  #failureOf({ interfaces, addresses }: Announcement): string | undefined {
    if (interfaces === undefined || this.#interfaces === undefined) return undefined
    if (this.#interfaces.some(({ name }) => interfaces.includes(name))) return undefined
    const node = JSON.stringify(this.#options.node)
    return `node ${node} is to announce ${addresses.join(', ')}, but has none of the interfaces ${interfaces.join(', ')} of the L2Advertisements`
  }

  #tellConflict({ address, interface: name, mac, kind }: Extract<PlaneEvent, { type: 'conflict' }>): void {
    const { log, recorder, node } = this.#options
    log.warn({ address, interface: name, mac, kind }, 'address conflict')
    const what = kind === 'claim' ? 'claims' : 'wants to use'
    const text = `${mac} ${what} ${address}, too (seen on interface ${name} of node ${JSON.stringify(node)})`
    for (const key of this.#wanted.servicesOf(address))
      recorder.record(this.#options.serviceOf(key), 'Warning', 'addressConflict', text)
  }
}

function announcementOf(decision: L2Decision | undefined): Announcement | undefined {
  return decision?.outcome === 'announce' ? decision : undefined
}

function addressesOf(decision: Announcement | undefined): readonly string[] {
  return decision?.addresses.map((address) => address.toString()) ?? []
}
