import type { LivenessEvent } from '@clarion-lb/liveness'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { LivenessCounts, PlaneEvent } from './plane/messages.ts'

const DETECTION_BUCKETS_S = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.75, 1, 2, 5]

const COUNTS = {
  clarion_liveness_datagrams_sent_total: ['Datagrams to other speakers', 'datagramsSent'],
  clarion_liveness_datagrams_received_total: ['Datagrams of other speakers', 'datagramsReceived'],
  clarion_liveness_unauthenticated_total: ['Datagrams that no key opens', 'unauthenticated'],
  clarion_liveness_pauses_total: ['Times that this node was too late to trust its eyes', 'pauses'],
  clarion_liveness_accusations_total: ['Accusations that this node made', 'accusations'],
  clarion_liveness_own_refutations_total: [
    'Times that this node refuted what others said of it',
    'refutations'
  ]
} as const

/** Metrics of who is alive, and of addresses that move for it. */
export class LivenessMetrics {
  readonly #takeovers: Counter
  readonly #verdicts: Counter
  readonly #suspicions: Counter
  readonly #refutations: Counter
  readonly #detection: Histogram
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
    const registers = [registry]
    this.#takeovers = new Counter({
      name: 'clarion_layer2_takeovers_total',
      help: 'Addresses that this node began to answer for, by cause',
      labelNames: ['cause'],
      registers
    })
    this.#verdicts = new Counter({
      name: 'clarion_liveness_verdicts_total',
      help: 'Nodes that were found dead, by reason, or that left',
      labelNames: ['reason'],
      registers
    })
    this.#suspicions = new Counter({
      name: 'clarion_liveness_suspicions_total',
      help: 'Times that a node came to be accused',
      registers
    })
    this.#refutations = new Counter({
      name: 'clarion_liveness_refutations_total',
      help: 'Times that an accusation was refuted',
      registers
    })
    this.#detection = new Histogram({
      name: 'clarion_liveness_detection_seconds',
      help: 'From the last answer of a node to the verdict that it is dead',
      buckets: DETECTION_BUCKETS_S,
      registers
    })
  }

  /** Has the counts of the plane collected with the others. */
  collectFrom(counts: () => Promise<LivenessCounts | undefined>): void {
    const registers = [this.#registry]
    for (const [name, [help, field]] of Object.entries(COUNTS)) {
      const counter = new Counter({
        name,
        help,
        registers,
        collect: async () => {
          const current = await counts()
          counter.reset()
          counter.inc(current?.[field] ?? 0)
        }
      })
    }
    const lateness: Gauge = new Gauge({
      name: 'clarion_plane_lateness_seconds',
      help: 'How late the frames thread was at worst since the last scrape',
      registers,
      collect: async (): Promise<void> => lateness.set(((await counts())?.latenessMs ?? 0) / 1000)
    })
  }

  onPlaneEvent(event: PlaneEvent): void {
    if (event.type === 'holdings') for (const { cause } of event.taken) this.#takeovers.inc({ cause })
    if (event.type === 'liveness') this.#count(event.event)
  }

  #count(event: LivenessEvent): void {
    switch (event.type) {
      case 'suspected':
        this.#suspicions.inc()
        return
      case 'refuted':
        this.#refutations.inc()
        return
      case 'left':
        this.#verdicts.inc({ reason: 'left' })
        return
      case 'dead':
        this.#verdicts.inc({ reason: event.detail.reason })
        // Who did not watch it does not know how long it was silent.
        if (event.detail.silentMs !== undefined) this.#detection.observe(event.detail.silentMs / 1000)
        return
      default:
    }
  }
}
