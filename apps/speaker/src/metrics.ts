import { Counter, Gauge, type Registry } from 'prom-client'
import type { AddressCounts } from './plane/messages.ts'

const COUNTERS = {
  metallb_layer2_requests_received: ['Requests for an address that were received', 'requests'],
  metallb_layer2_responses_sent: ['Answers for an address that were sent', 'replies'],
  metallb_layer2_gratuitous_sent: ['Unasked announcements of an address that were sent', 'gratuitous']
} as const

/** One series for each address of each Service that this node announces. */
export type AnnouncedGauge = Gauge<'service' | 'protocol' | 'node' | 'ip'>

/** Registers the metrics of the speaker; counts of the plane are fetched when somebody scrapes. */
export function registerSpeakerMetrics(
  registry: Registry,
  counts: () => Promise<readonly AddressCounts[]>
): AnnouncedGauge {
  // One question to the plane serves all three.
  let fetching: Promise<readonly AddressCounts[]> | undefined
  const fetch = (): Promise<readonly AddressCounts[]> => {
    fetching ??= counts().finally(() => {
      fetching = undefined
    })
    return fetching
  }
  for (const [name, [help, field]] of Object.entries(COUNTERS)) {
    const counter = new Counter({
      name,
      help,
      labelNames: ['ip'],
      registers: [registry],
      collect: async () => {
        const current = await fetch()
        counter.reset()
        for (const one of current) counter.inc({ ip: one.address }, one[field])
      }
    })
  }
  return new Gauge({
    name: 'metallb_speaker_announced',
    help: 'Addresses of Services that this node announces',
    labelNames: ['service', 'protocol', 'node', 'ip'],
    registers: [registry]
  })
}
