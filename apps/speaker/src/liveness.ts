import { type KubeClient, LeaseHeartbeat, LeaseObserver } from '@clarion-lb/k8s-watch'
import type { Service } from '@clarion-lb/runtime'
import type { LivenessSettings, PlaneEvent } from './plane/messages.ts'
import { SPEAKER_LEASE_LABELS, SPEAKER_LEASE_SELECTOR, speakerLease } from './speaker-lease.ts'

/** Tells which nodes have a speaker, and how the plane finds out which of them are alive. */
export interface Liveness extends Service {
  /** Nodes that may be candidates. `undefined`: nobody knows, every node counts. */
  members(): ReadonlySet<string> | undefined
  /**
   * Nodes that are alive, by the last verdict: routers have no other way by one that may be a candidate and is not there.
   * `undefined`: nobody knows.
   */
  alive(): ReadonlySet<string> | undefined
  /** For the plane; `undefined`: members are alive, no others are. */
  settings(): Omit<LivenessSettings, 'members'> | undefined
  /** Nodes whose cable is out, as they tell by the API server, with the life that they had then; see `lifeOf`. */
  unpluggedLives(): ReadonlyMap<string, number>
  /** By node: of the interfaces that it is to announce on by name, those that nobody is reached by, as far as nodes tell. */
  lostInterfaces(): ReadonlyMap<string, readonly string[]>
  /** Those of this node, for the others. */
  tellLostInterfaces(names: readonly string[]): void
  /** These are all nodes by now. */
  retain(nodes: ReadonlySet<string>): void
  onChange(listener: () => void): void
  onPlaneEvent(event: PlaneEvent): void
  /** Why nobody can rely on it yet. */
  unreadyBecause(): string | undefined
}

const NONE_UNPLUGGED: ReadonlyMap<string, number> = new Map()
const NONE_LOST: ReadonlyMap<string, readonly string[]> = new Map()

/** Every node counts as alive. */
export class EveryNode implements Liveness {
  readonly name = 'liveness'
  #nodes: ReadonlySet<string> | undefined

  members(): undefined {
    return undefined
  }

  alive(): ReadonlySet<string> | undefined {
    return this.#nodes
  }

  settings(): undefined {
    return undefined
  }

  unpluggedLives(): ReadonlyMap<string, number> {
    return NONE_UNPLUGGED
  }

  lostInterfaces(): ReadonlyMap<string, readonly string[]> {
    return NONE_LOST
  }

  tellLostInterfaces(): void {
    // Nobody would hear of it: who is alive stays the announcer, as with MetalLB.
  }

  retain(nodes: ReadonlySet<string>): void {
    this.#nodes = nodes
  }

  onChange(): void {
    // It never does.
  }

  onPlaneEvent(): void {
    // What is there does not matter.
  }

  unreadyBecause(): undefined {
    return undefined
  }

  start(): void {
    // There is nothing to watch.
  }

  stop(): void {
    // There is nothing to end.
  }
}

export interface LeaseLivenessOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  /** Multiplies all times. */
  readonly patience: number
  readonly onProblem: (error: unknown) => void
}

const INTERVAL_MS = 1000
const DURATION_MS = 4000

/**
 * Each speaker renews a Lease, and watches those of the others. While the API server is away nobody's verdict changes: what
 * is announced stays announced.
 */
export class LeaseLiveness implements Liveness {
  readonly name = 'liveness'
  readonly #node: string
  readonly #heartbeat: LeaseHeartbeat
  readonly #observer: LeaseObserver
  readonly #listeners: (() => void)[] = []

  constructor({ client, namespace, node, patience, onProblem }: LeaseLivenessOptions) {
    this.#node = node
    this.#heartbeat = new LeaseHeartbeat({
      client,
      lease: speakerLease(namespace, node),
      identity: node,
      labels: SPEAKER_LEASE_LABELS,
      durationMs: DURATION_MS * patience,
      intervalMs: INTERVAL_MS * patience,
      onProblem
    })
    this.#observer = new LeaseObserver({
      client,
      namespace,
      labelSelector: SPEAKER_LEASE_SELECTOR,
      maxGapMs: 2 * INTERVAL_MS * patience
    })
    this.#observer.onChange(() => {
      for (const listener of this.#listeners) listener()
    })
  }

  /** Those whose Leases are renewed, and this node. */
  members(): ReadonlySet<string> {
    return new Set([this.#node, ...this.#observer.aliveIdentities()])
  }

  alive(): ReadonlySet<string> {
    return this.members()
  }

  retain(): void {
    // Leases tell who is there.
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  settings(): undefined {
    return undefined
  }

  unpluggedLives(): ReadonlyMap<string, number> {
    return NONE_UNPLUGGED
  }

  lostInterfaces(): ReadonlyMap<string, readonly string[]> {
    return NONE_LOST
  }

  tellLostInterfaces(): void {
    // Nobody would hear of it: who is alive stays the announcer, as with MetalLB.
  }

  /** A cable that is in again: those that took over should hear of this node before they answer much longer. */
  onPlaneEvent(event: PlaneEvent): void {
    if (event.type === 'interfaces') this.#heartbeat.retryNow()
  }

  unreadyBecause(): undefined {
    return undefined
  }

  /** Resolves when the others are known: before that this node would take all for itself. */
  async start(signal: AbortSignal): Promise<void> {
    this.#observer.start(signal)
    await this.#observer.informer.waitForSync(signal)
    this.#heartbeat.start()
  }

  /** Tells the others that this node is gone, so that they need not wait. */
  async stop(): Promise<void> {
    await this.#heartbeat.stop()
    await this.#observer.stop()
  }
}
