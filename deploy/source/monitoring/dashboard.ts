/** One picture: what is asked for, by the legend of each line. */
interface Panel {
  readonly title: string
  readonly queries: Readonly<Record<string, string>>
  readonly unit?: string
  readonly type?: 'timeseries' | 'stat' | 'table'
  readonly width: 6 | 8 | 12 | 24
}

interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const ROWS: readonly Row[] = [
  {
    title: 'Now',
    panels: [
      {
        title: 'Services announced',
        type: 'stat',
        width: 6,
        queries: {
          '{{protocol}}': 'count by (protocol) (count by (protocol, service) (metallb_speaker_announced))'
        }
      },
      {
        title: 'BGP sessions',
        type: 'stat',
        width: 6,
        queries: { up: 'sum(metallb_bgp_session_up)', all: 'count(metallb_bgp_session_up)' }
      },
      {
        title: 'BFD sessions',
        type: 'stat',
        width: 6,
        queries: { up: 'sum(metallb_bfd_session_up)', all: 'count(metallb_bfd_session_up)' }
      },
      {
        title: 'Processes with problems in the configuration',
        type: 'stat',
        width: 6,
        queries: {
          stale: 'sum(metallb_k8s_client_config_stale_bool)',
          'not loaded': 'count(metallb_k8s_client_config_loaded_bool == 0) or vector(0)'
        }
      }
    ]
  },
  {
    title: 'Addresses',
    panels: [
      {
        title: 'Use of pools',
        unit: 'percent',
        width: 12,
        queries: {
          '{{pool}}':
            '100 * max by (pool) (metallb_allocator_addresses_in_use_total) / max by (pool) (metallb_allocator_addresses_total)'
        }
      },
      {
        title: 'Services with addresses',
        width: 12,
        queries: { '{{pool}}': 'max by (pool) (metallb_allocator_services_allocated_total)' }
      },
      {
        title: 'Addresses by family',
        width: 12,
        queries: {
          '{{pool}} IPv4': 'max by (pool) (metallb_allocator_ipv4_addresses_in_use_total)',
          '{{pool}} IPv6': 'max by (pool) (metallb_allocator_ipv6_addresses_in_use_total)'
        }
      },
      {
        title: 'Nodes that announce',
        width: 12,
        queries: { '{{node}}': 'count by (node) (metallb_speaker_announced)' }
      }
    ]
  },
  {
    title: 'Layer 2',
    panels: [
      {
        title: 'Requests and replies per second',
        unit: 'ops',
        width: 12,
        queries: {
          requests: 'sum(rate(metallb_layer2_requests_received[5m]))',
          replies: 'sum(rate(metallb_layer2_responses_sent[5m]))'
        }
      },
      {
        title: 'Unasked announcements per second',
        unit: 'ops',
        width: 12,
        queries: { '{{ip}}': 'sum by (ip) (rate(metallb_layer2_gratuitous_sent[5m])) > 0' }
      }
    ]
  },
  {
    title: 'BGP and BFD',
    panels: [
      { title: 'Sessions', width: 12, queries: { '{{pod}} {{peer}}': 'metallb_bgp_session_up' } },
      {
        title: 'Prefixes told, and still to tell',
        width: 12,
        queries: {
          '{{pod}} {{peer}}': 'metallb_bgp_announced_prefixes_total',
          '{{pod}} {{peer}} pending': 'metallb_bgp_pending_prefixes_total > 0'
        }
      },
      {
        title: 'BGP messages per second',
        unit: 'ops',
        width: 12,
        queries: {
          'sent to {{peer}}': 'sum by (peer) (rate(metallb_bgp_total_sent[5m]))',
          'received from {{peer}}': 'sum by (peer) (rate(metallb_bgp_total_received[5m]))'
        }
      },
      {
        title: 'BFD sessions that went down',
        width: 12,
        queries: { '{{pod}} {{peer}}': 'increase(metallb_bfd_session_down_events[5m])' }
      }
    ]
  },
  {
    title: 'Processes',
    panels: [
      {
        title: 'Memory',
        unit: 'bytes',
        width: 8,
        queries: { '{{pod}}': 'process_resident_memory_bytes{namespace="metallb-system"}' }
      },
      {
        title: 'Processor',
        width: 8,
        queries: { '{{pod}}': 'rate(process_cpu_seconds_total{namespace="metallb-system"}[5m])' }
      },
      {
        title: 'Event loop, 90 % not later than',
        unit: 's',
        width: 8,
        queries: { '{{pod}}': 'nodejs_eventloop_lag_p90_seconds{namespace="metallb-system"}' }
      },
      {
        title: 'Changes handled per second',
        unit: 'ops',
        width: 12,
        queries: { '{{pod}}': 'rate(metallb_k8s_client_updates_total[5m])' }
      },
      {
        title: 'Reviews of objects',
        width: 12,
        queries: {
          '{{kind}} {{verdict}}': 'sum by (kind, verdict) (increase(clarion_webhook_reviews_total[5m]))'
        }
      },
      {
        title: 'Failures per second',
        unit: 'ops',
        width: 12,
        queries: { '{{pod}}': 'rate(metallb_k8s_client_update_errors_total[5m])' }
      }
    ]
  }
]

const GRID_WIDTH = 24
const PANEL_HEIGHT = 8
const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' }

/** All queries of the dashboard. */
export function dashboardQueries(): readonly string[] {
  return ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries)))
}

/** A Grafana dashboard, to import as it is. */
export function dashboard(): object {
  const panels: object[] = []
  let y = 0
  for (const row of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 }
    })
    y += 1
    let x = 0
    for (const panel of row.panels) {
      if (x + panel.width > GRID_WIDTH) {
        x = 0
        y += PANEL_HEIGHT
      }
      panels.push(panelOf(panel, panels.length + 1, { x, y }))
      x += panel.width
    }
    y += PANEL_HEIGHT
  }
  return {
    title: 'Clarion',
    uid: 'clarion',
    tags: ['clarion', 'metallb'],
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }] },
    panels
  }
}

function panelOf(panel: Panel, id: number, at: { readonly x: number; readonly y: number }): object {
  const { title, type = 'timeseries', unit = 'short', width, queries } = panel
  return {
    id,
    type,
    title,
    datasource: DATA_SOURCE,
    gridPos: { ...at, w: width, h: PANEL_HEIGHT },
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATA_SOURCE,
      expr,
      legendFormat
    }))
  }
}
