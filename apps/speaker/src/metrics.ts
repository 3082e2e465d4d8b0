import { Counter, Gauge, type Registry } from 'prom-client'
import type { LivenessMetrics } from './liveness-metrics.ts'
import type { PlaneCounts } from './plane/messages.ts'

const COUNTERS = {
  metallb_layer2_requests_received: ['Requests for an address that were received', 'requests'],
  metallb_layer2_responses_sent: ['Answers for an address that were sent', 'replies'],
  metallb_layer2_gratuitous_sent: ['Unasked announcements of an address that were sent', 'gratuitous']
} as const

/** An address of a Service that this node announces. */
export interface AnnouncedAddress {
  readonly service: string
  readonly protocol: 'layer2' | 'bgp'
  readonly address: string
}

export interface SpeakerMetricsSources {
  readonly node: string
  readonly counts: () => Promise<PlaneCounts>
  readonly liveness: Pick<LivenessMetrics, 'collectFrom'>
  readonly announced: () => Iterable<AnnouncedAddress>
}

/** Registers the metrics of the speaker. They are made when somebody scrapes: thousands of series would take much memory. */
export function registerSpeakerMetrics(
  registry: Registry,
  { node, counts, announced, liveness }: SpeakerMetricsSources
): void {
  const fetch = sharedQuestion(counts)
  for (const [name, [help, field]] of Object.entries(COUNTERS)) {
    const counter = new Counter({
      name,
      help,
      labelNames: ['ip'],
      registers: [registry],
      collect: async () => {
        const { addresses } = await fetch()
        counter.reset()
        for (const one of addresses) counter.inc({ ip: one.address }, one[field])
      }
    })
  }
  registry.registerMetric(new AnnouncedGauge(node, announced))
  liveness.collectFrom(async () => (await fetch()).liveness)
}

/** Keeps no series. */
class AnnouncedGauge extends Gauge {
  readonly #node: string
  readonly #announced: () => Iterable<AnnouncedAddress>

  constructor(node: string, announced: () => Iterable<AnnouncedAddress>) {
    super({
      name: 'metallb_speaker_announced',
      help: 'Addresses of Services that this node announces',
      labelNames: ['service', 'protocol', 'node', 'ip'],
      registers: []
    })
    this.#node = node
    this.#announced = announced
  }

  override async get(): ReturnType<Gauge['get']> {
    const empty = await super.get()
    const values = Array.from(this.#announced(), ({ service, protocol, address }) => ({
      value: 1,
      labels: { service, protocol, node: this.#node, ip: address }
    }))
    return { ...empty, values }
  }
}

/** One question to the plane serves all metrics of a scrape: who asks while it is on its way gets the same answer. */
export function sharedQuestion<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | undefined
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
}
