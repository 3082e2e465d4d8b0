/** An alert of Prometheus. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: 'warning' | 'critical' }
  readonly annotations: { readonly summary: string; readonly description: string }
}

const POOL_IN_USE = 'max by (pool) (metallb_allocator_addresses_in_use_total)'
const POOL_TOTAL = 'max by (pool) (metallb_allocator_addresses_total)'
const USAGE_THRESHOLDS = [
  [75, 'warning'],
  [85, 'warning'],
  [95, 'critical']
] as const

/** MetalLB's alerts, by their names. */
export const METALLB_ALERTS: readonly Alert[] = [
  {
    alert: 'MetalLBStaleConfig',
    expr: 'metallb_k8s_client_config_stale_bool == 1',
    for: '1m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'A part of the configuration cannot be used',
      description:
        '{{ $labels.pod }} left out a part of the configuration: kubectl -n metallb-system get configurationstates says which and why.'
    }
  },
  {
    alert: 'MetalLBConfigNotLoaded',
    expr: 'metallb_k8s_client_config_loaded_bool == 0',
    for: '1m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'There is no configuration yet',
      description: '{{ $labels.pod }} could not read the configuration yet; its log says why.'
    }
  },
  {
    alert: 'MetalLBAddressPoolExhausted',
    expr: `${POOL_IN_USE} >= ${POOL_TOTAL}`,
    for: '1m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'A pool has no free address',
      description: 'All addresses of the pool {{ $labels.pool }} are in use: new Services will wait.'
    }
  },
  ...USAGE_THRESHOLDS.map(
    ([percent, severity]): Alert => ({
      alert: `MetalLBAddressPoolUsage${percent}Percent`,
      expr: `${POOL_IN_USE} / ${POOL_TOTAL} * 100 > ${percent}`,
      labels: { severity },
      annotations: {
        summary: `More than ${percent} % of a pool are in use`,
        description: `The pool {{ $labels.pool }} is used to {{ $value | printf "%.0f" }} %.`
      }
    })
  ),
  {
    alert: 'MetalLBBGPSessionDown',
    expr: 'metallb_bgp_session_up == 0',
    for: '1m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'A BGP session is down',
      description: '{{ $labels.pod }} has no session with {{ $labels.peer }}.'
    }
  }
]

/** What MetalLB has no alert for. */
export const CLARION_ALERTS: readonly Alert[] = [
  {
    alert: 'ClarionNotScraped',
    expr: 'up{namespace="metallb-system", container=~"controller|speaker"} == 0',
    for: '5m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'A controller or speaker does not answer',
      description:
        '{{ $labels.pod }} does not answer on its metrics port: it, its node or the way to it is down.'
    }
  },
  {
    alert: 'ClarionAddressAnnouncedTwice',
    expr: 'count by (service, ip) (metallb_speaker_announced{protocol="layer2"}) > 1',
    for: '1m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'Two nodes answer for one address',
      description:
        '{{ $value }} nodes answer ARP or NDP for {{ $labels.ip }} of {{ $labels.service }}: they do not see each other.'
    }
  },
  {
    alert: 'ClarionBFDSessionDown',
    expr: 'metallb_bfd_session_up == 0',
    for: '1m',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'A BFD session is down',
      description: '{{ $labels.pod }} cannot reach {{ $labels.peer }}, says BFD.'
    }
  },
  {
    alert: 'ClarionBGPUpdatesPending',
    expr: 'min_over_time(metallb_bgp_pending_prefixes_total[5m]) > 0',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'A router takes no updates',
      description: '{{ $labels.peer }} has not been told of all routes of {{ $labels.pod }} for five minutes.'
    }
  },
  {
    alert: 'ClarionWritesFail',
    expr: 'rate(metallb_k8s_client_update_errors_total[5m]) > 0',
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Services cannot be written',
      description: '{{ $labels.pod }} fails to write the status of Services; its log says why.'
    }
  },
  {
    alert: 'ClarionRightMissing',
    expr: 'clarion_k8s_client_right_missing_bool == 1',
    for: '5m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'A right is missing',
      description:
        '{{ $labels.pod }} may not {{ $labels.verb }} {{ $labels.resource }}: the API server refuses it.'
    }
  },
  {
    alert: 'ClarionWebhookCertificateEnds',
    expr: '(clarion_webhook_certificate_expiry_seconds > 0) - time() < 7 * 86400',
    for: '1h',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'The certificate of the webhooks is about to end',
      description:
        '{{ $labels.pod }} serves a certificate that ends in {{ $value | humanizeDuration }}: then pools and peers can neither be made nor changed.'
    }
  },
  {
    alert: 'ClarionReviewsFail',
    expr: 'increase(clarion_webhook_reviews_total{verdict="failed"}[10m]) > 0',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'Objects cannot be reviewed',
      description: '{{ $labels.pod }} fails to review objects of kind {{ $labels.kind }}; its log says why.'
    }
  },
  {
    alert: 'ClarionEventLoopBusy',
    expr: 'nodejs_eventloop_lag_p90_seconds{namespace="metallb-system"} > 0.5',
    for: '10m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'A process has more to do than it can',
      description:
        'The event loop of {{ $labels.pod }} is late by {{ $value | humanizeDuration }}: it needs more processor time.'
    }
  }
]
