import { Counter, Gauge, type Registry } from 'prom-client'
import { sharedQuestion } from './metrics.ts'
import type { PeerCounts } from './plane/sessions-messages.ts'

type Read = (counts: PeerCounts) => number | undefined

const hasNone: Read = ({ bfd }) => (bfd === undefined ? undefined : 0)

/** Names and labels are those of MetalLB; what only its FRR modes have is there, too. */
const GAUGES: Readonly<Record<string, readonly [help: string, read: Read]>> = {
  metallb_bgp_session_up: [
    '1 while the session with the peer is Established',
    ({ bgp }) => (bgp === 'established' ? 1 : 0)
  ],
  metallb_bgp_announced_prefixes_total: ['Prefixes that the peer was told', ({ advertised }) => advertised],
  metallb_bgp_pending_prefixes_total: ['Changes that the peer was not told yet', ({ pending }) => pending],
  metallb_bgp_received_prefixes_total: [
    'Prefixes that the peer sent; none is used',
    ({ received }) => received
  ],
  metallb_bfd_session_up: [
    '1 while BFD says that the peer can be reached',
    ({ bfd }) => (bfd === undefined ? undefined : bfd === 'up' ? 1 : 0)
  ]
}

const COUNTERS: Readonly<Record<string, readonly [help: string, read: Read]>> = {
  metallb_bgp_updates_total: ['UPDATE messages sent', ({ messages }) => messages.sent.update],
  metallb_bgp_opens_sent: ['OPEN messages sent', ({ messages }) => messages.sent.open],
  metallb_bgp_opens_received: ['OPEN messages received', ({ messages }) => messages.received.open],
  metallb_bgp_notifications_sent: [
    'NOTIFICATION messages sent',
    ({ messages }) => messages.sent.notification
  ],
  metallb_bgp_updates_total_received: [
    'UPDATE messages received',
    ({ messages }) => messages.received.update
  ],
  metallb_bgp_keepalives_sent: ['KEEPALIVE messages sent', ({ messages }) => messages.sent.keepalive],
  metallb_bgp_keepalives_received: [
    'KEEPALIVE messages received',
    ({ messages }) => messages.received.keepalive
  ],
  metallb_bgp_route_refresh_sent: [
    'ROUTE-REFRESH messages sent',
    ({ messages }) => messages.sent.routeRefresh
  ],
  metallb_bgp_total_sent: ['Messages sent', ({ messages }) => total(messages.sent)],
  metallb_bgp_total_received: ['Messages received', ({ messages }) => total(messages.received)],
  metallb_bfd_control_packet_input: [
    'BFD packets received',
    ({ bfdCounters }) => bfdCounters?.packetsReceived
  ],
  metallb_bfd_control_packet_output: ['BFD packets sent', ({ bfdCounters }) => bfdCounters?.packetsSent],
  metallb_bfd_echo_packet_input: ['BFD echo packets received: there are none', hasNone],
  metallb_bfd_echo_packet_output: ['BFD echo packets sent: there are none', hasNone],
  metallb_bfd_zebra_notifications: ['Notifications of Zebra, a part of FRR: there are none', hasNone],
  metallb_bfd_session_up_events: [
    'Times that a BFD session came up',
    ({ bfdCounters }) => bfdCounters?.upEvents
  ],
  metallb_bfd_session_down_events: [
    'Times that a BFD session went down',
    ({ bfdCounters }) => bfdCounters?.downEvents
  ]
}

/** Registers the metrics of the sessions. They are made when somebody scrapes. */
export function registerSessionMetrics(
  registry: Registry,
  counts: () => Promise<readonly PeerCounts[]>
): void {
  const fetch = sharedQuestion(counts)
  const common = { labelNames: ['peer', 'vrf'], registers: [registry] }
  for (const [name, [help, read]] of Object.entries(GAUGES)) {
    const gauge = new Gauge({
      ...common,
      name,
      help,
      collect: async () => {
        const current = await fetch()
        gauge.reset()
        for (const one of current) {
          const value = read(one)
          if (value !== undefined) gauge.set(labelsOf(one), value)
        }
      }
    })
  }
  for (const [name, [help, read]] of Object.entries(COUNTERS)) {
    const counter = new Counter({
      ...common,
      name,
      help,
      collect: async () => {
        const current = await fetch()
        counter.reset()
        for (const one of current) {
          const value = read(one)
          if (value !== undefined) counter.inc(labelsOf(one), value)
        }
      }
    })
  }
}

function labelsOf({ label, vrf }: PeerCounts): { readonly peer: string; readonly vrf: string } {
  return { peer: label, vrf }
}

function total(messages: Readonly<Record<string, number>>): number {
  return Object.values(messages).reduce((sum, count) => sum + count, 0)
}
