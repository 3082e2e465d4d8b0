import type { EventRecorder, KubeObject } from '@clarion-lb/k8s-watch'
import {
  type AnnouncementPlanner,
  type L2Change,
  type L2Decision,
  WantedAddresses
} from '@clarion-lb/planner'
import type { Logger } from 'pino'
import type { AnnouncedAddress } from './metrics.ts'
import type { HoldingsChange, PlaneEvent, PlaneInterface, TakeOverCause } from './plane/messages.ts'
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

type Candidacy = Exclude<L2Decision, { outcome: 'withhold' }>

interface Told {
  /** Equal for what needs not be told again. */
  readonly text: string
  readonly isFailure: boolean
}

/**
 * Carries decisions out: tells the plane what this node is a candidate of; and the owner of the Service, the metrics and the
 * log, once for each change, what the plane tells that it announces.
 */
export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #wanted = new WantedAddresses()
  /** Addresses that the plane answers for. */
  readonly #held = new Set<string>()
  readonly #told = new Map<string, Told>()
  #interfaces: readonly PlaneInterface[] | undefined

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  /** Number of addresses that this node is a candidate of. */
  get addresses(): number {
    return this.#wanted.size
  }

  apply(changes: readonly L2Change[]): void {
    if (changes.length === 0) return
    const difference = this.#wanted.apply(changes)
    const { set, handOver, remove } = difference
    if (set.length + handOver.length + remove.length > 0) this.#options.plane.apply(difference)
    for (const change of changes) this.#follow(change)
  }

  /** What the status object of a Service should say; `undefined`: there should be none of this node. */
  wantedStatusOf(key: string): WantedStatus | undefined {
    const decision = candidacyOf(this.#options.planner.l2DecisionOf(key))
    if (decision === undefined || this.#told.get(key)?.isFailure !== false) return undefined
    const { interfaces } = decision
    return interfaces === undefined ? {} : { interfaces: interfaces.map((name) => ({ name })) }
  }

  /** What is announced, and has an interface to be announced on. */
  *announced(): Generator<AnnouncedAddress, void, undefined> {
    for (const [service, { isFailure }] of this.#told) {
      const decision = candidacyOf(this.#options.planner.l2DecisionOf(service))
      if (isFailure || decision === undefined) continue
      for (const address of this.#heldOf(decision)) yield { service, protocol: 'layer2', address }
    }
  }

  onPlaneEvent(event: PlaneEvent): void {
    switch (event.type) {
      case 'conflict':
        this.#tellConflict(event)
        return
      case 'holdings':
        this.#hold(event)
        return
      case 'interfaces':
        this.#interfaces = event.interfaces
        this.#options.log.info({ interfaces: event.interfaces }, 'interfaces')
        for (const key of this.#told.keys()) this.#tell(key)
        return
      default:
    }
  }

  /** Nothing is held until the plane tells. */
  planeRestarted(): void {
    this.#hold({ taken: [], released: [...this.#held] })
  }

  #hold({ taken, released }: HoldingsChange): void {
    const causes = new Map<string, TakeOverCause>()
    const touched = new Set<string>()
    for (const address of released) {
      this.#held.delete(address)
      for (const key of this.#wanted.servicesOf(address)) touched.add(key)
    }
    for (const { address, cause } of taken) {
      this.#held.add(address)
      for (const key of this.#wanted.servicesOf(address)) {
        touched.add(key)
        causes.set(key, cause)
      }
    }
    for (const key of touched) this.#tell(key, causes.get(key))
  }

  #follow({ key, after }: L2Change): void {
    if (candidacyOf(after) !== undefined) {
      this.#tell(key)
      return
    }
    const reason = after?.outcome === 'withhold' ? after.reason : 'serviceDeleted'
    this.#tellWithdrawn(key, { reason, because: after?.because, announcer: after?.announcer })
  }

  #tellWithdrawn(
    service: string,
    why: {
      readonly reason: string
      readonly because: string | undefined
      readonly announcer?: string | undefined
    }
  ): void {
    const { log, onStatus } = this.#options
    const facts = { service, ...why }
    if (!this.#told.delete(service)) {
      log.debug(facts, 'not announced')
      return
    }
    log.info(facts, 'withdrawn')
    onStatus(service)
  }

  /** Tells that it is announced, or is not any more, or that there is no interface to do so on; not twice. */
  #tell(key: string, cause?: TakeOverCause): void {
    const { log, node, recorder, onStatus, planner } = this.#options
    const decision = candidacyOf(planner.l2DecisionOf(key))
    if (decision === undefined) return
    const addresses = this.#heldOf(decision)
    if (addresses.length === 0) {
      const because = decision.outcome === 'standby' ? decision.because : 'another candidate announces it'
      if (this.#told.has(key)) this.#tellWithdrawn(key, { reason: 'notOwner', because })
      return
    }
    const failure = this.#failureOf(decision, addresses)
    const text = failure ?? `${addresses.join()} ${decision.interfaces?.join() ?? '*'}`
    if (this.#told.get(key)?.text === text) return
    this.#told.set(key, { text, isFailure: failure !== undefined })
    const service = this.#options.serviceOf(key)
    if (failure === undefined) {
      const message = `announcing from node ${JSON.stringify(node)} with protocol "layer2"`
      recorder.record(service, 'Normal', 'nodeAssigned', message)
      log.info({ service: key, addresses, interfaces: decision.interfaces, cause }, 'announced')
    } else {
      recorder.record(service, 'Warning', 'announceFailed', failure)
      log.warn({ service: key, because: failure }, 'not announced')
    }
    onStatus(key)
  }

  #heldOf({ addresses }: Candidacy): readonly string[] {
    return addresses.map((address) => address.toString()).filter((address) => this.#held.has(address))
  }

  /** Interfaces that are named must be there; they may be down. */
  #failureOf({ interfaces }: Candidacy, addresses: readonly string[]): string | undefined {
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

function candidacyOf(decision: L2Decision | undefined): Candidacy | undefined {
  return decision === undefined || decision.outcome === 'withhold' ? undefined : decision
}
