import { bgpAdvertisementSpec, communitySpec, l2AdvertisementSpec } from './kinds/advertisements.ts'
import { bfdProfileSpec, bgpPeerSpecV1beta1, bgpPeerSpecV1beta2 } from './kinds/peers.ts'
import { ipAddressPoolSpec, ipAddressPoolStatus } from './kinds/pools.ts'
import {
  bgpSessionStateStatus,
  configurationStateStatus,
  serviceBgpStatusStatus,
  serviceL2StatusStatus
} from './kinds/reports.ts'
import { type OpenApiSchema, object, type Schema } from './schema.ts'

/** The API group of the kinds, but for {@link FRR_K8S_GROUP}. */
export const GROUP = 'metallb.io'
/** The group of BGPSessionState, which users of MetalLB know from frr-k8s. */
export const FRR_K8S_GROUP = 'frrk8s.metallb.io'

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description?: string
  /** Above 0 it is shown with `-o wide` only. */
  readonly priority?: number
}

export interface KindVersion {
  readonly name: 'v1beta1' | 'v1beta2'
  readonly isStored: boolean
  /** A version that still works, with the advice that clients get. */
  readonly deprecationWarning?: string
  /** Without fields where there is none. */
  readonly spec: OpenApiSchema
  /** `false`: objects have a status alone. */
  readonly hasSpec: boolean
  readonly isSpecRequired: boolean
  readonly status: OpenApiSchema
  readonly columns: readonly PrinterColumn[]
}

export interface Kind {
  readonly group: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly description: string
  readonly versions: readonly KindVersion[]
}

const EMPTY: OpenApiSchema = object('Nothing.', {}).openApi
const POOLS = column('IPAddressPools', '.spec.ipAddressPools')
const POOL_SELECTORS = column('IPAddressPool Selectors', '.spec.ipAddressPoolSelectors')
const NODE_SELECTORS: PrinterColumn = { ...column('Node Selectors', '.spec.nodeSelectors'), priority: 10 }
const SERVICE_COLUMNS = [
  column('Service Name', '.status.serviceName'),
  column('Service Namespace', '.status.serviceNamespace')
]

function column(name: string, jsonPath: string, type: PrinterColumn['type'] = 'string'): PrinterColumn {
  return { name, type, jsonPath }
}

interface OneVersion {
  readonly spec?: Schema<unknown>
  readonly status?: Schema<unknown>
  readonly columns: readonly PrinterColumn[]
  readonly hasSpec?: boolean
  readonly isSpecRequired?: boolean
}

function kindOf(kind: string, plural: string, description: string, versions: readonly KindVersion[]): Kind {
  return {
    group: GROUP,
    kind,
    listKind: `${kind}List`,
    plural,
    singular: kind.toLowerCase(),
    description,
    versions
  }
}

function stored(
  name: KindVersion['name'],
  { spec, status, columns, hasSpec = true, isSpecRequired = false }: OneVersion
): KindVersion {
  return {
    name,
    isStored: true,
    spec: spec?.openApi ?? EMPTY,
    hasSpec,
    isSpecRequired,
    status: status?.openApi ?? EMPTY,
    columns
  }
}

const PEER_COLUMNS = [
  column('Address', '.spec.peerAddress'),
  column('ASN', '.spec.peerASN'),
  column('BFD Profile', '.spec.bfdProfile'),
  column('Multi Hops', '.spec.ebgpMultiHop')
]

/** Every kind, with all its versions. */
export const KINDS: Readonly<Record<KindName, Kind>> = {
  IPAddressPool: kindOf(
    'IPAddressPool',
    'ipaddresspools',
    'Addresses that Services of type LoadBalancer can have.',
    [
      stored('v1beta1', {
        spec: ipAddressPoolSpec,
        status: ipAddressPoolStatus,
        isSpecRequired: true,
        columns: [
          column('Auto Assign', '.spec.autoAssign', 'boolean'),
          column('Avoid Buggy IPs', '.spec.avoidBuggyIPs', 'boolean'),
          column('Addresses', '.spec.addresses')
        ]
      })
    ]
  ),
  L2Advertisement: kindOf(
    'L2Advertisement',
    'l2advertisements',
    'Answer for addresses of pools by ARP and NDP.',
    [
      stored('v1beta1', {
        spec: l2AdvertisementSpec,
        columns: [POOLS, POOL_SELECTORS, column('Interfaces', '.spec.interfaces'), NODE_SELECTORS]
      })
    ]
  ),
  BGPAdvertisement: kindOf('BGPAdvertisement', 'bgpadvertisements', 'Advertise addresses of pools by BGP.', [
    stored('v1beta1', {
      spec: bgpAdvertisementSpec,
      columns: [POOLS, POOL_SELECTORS, column('Peers', '.spec.peers'), NODE_SELECTORS]
    })
  ]),
  BGPPeer: kindOf('BGPPeer', 'bgppeers', 'A BGP router that nodes have a session with.', [
    {
      ...stored('v1beta1', { spec: bgpPeerSpecV1beta1, columns: PEER_COLUMNS }),
      isStored: false,
      deprecationWarning: 'metallb.io/v1beta1 BGPPeer is deprecated; use metallb.io/v1beta2'
    },
    stored('v1beta2', { spec: bgpPeerSpecV1beta2, columns: PEER_COLUMNS })
  ]),
  BFDProfile: kindOf('BFDProfile', 'bfdprofiles', 'Settings of BFD sessions.', [
    stored('v1beta1', {
      spec: bfdProfileSpec,
      columns: [
        column('Passive Mode', '.spec.passiveMode', 'boolean'),
        column('Transmit Interval', '.spec.transmitInterval', 'integer'),
        column('Receive Interval', '.spec.receiveInterval', 'integer'),
        column('Multiplier', '.spec.detectMultiplier', 'integer')
      ]
    })
  ]),
  Community: kindOf('Community', 'communities', 'Names for BGP communities.', [
    stored('v1beta1', { spec: communitySpec, columns: [] })
  ]),
  ServiceL2Status: kindOf('ServiceL2Status', 'servicel2statuses', 'Which node answers for a Service.', [
    stored('v1beta1', {
      status: serviceL2StatusStatus,
      columns: [column('Allocated Node', '.status.node'), ...SERVICE_COLUMNS]
    })
  ]),
  ServiceBGPStatus: kindOf(
    'ServiceBGPStatus',
    'servicebgpstatuses',
    'Which peers a Service is advertised to.',
    [
      stored('v1beta1', {
        status: serviceBgpStatusStatus,
        columns: [column('Node', '.status.node'), ...SERVICE_COLUMNS]
      })
    ]
  ),
  ConfigurationState: kindOf(
    'ConfigurationState',
    'configurationstates',
    'Whether a component could use the configuration.',
    [
      stored('v1beta1', {
        status: configurationStateStatus,
        hasSpec: false,
        columns: [
          column('Result', '.status.result'),
          column('ErrorSummary', '.status.errorSummary'),
          column('Age', '.metadata.creationTimestamp', 'date')
        ]
      })
    ]
  ),
  BGPSessionState: {
    ...kindOf('BGPSessionState', 'bgpsessionstates', 'The session of a node with a BGP router.', [
      stored('v1beta1', {
        status: bgpSessionStateStatus,
        columns: [
          column('Node', '.status.node'),
          column('Peer', '.status.peer'),
          column('VRF', '.status.vrf'),
          column('BGP', '.status.bgpStatus'),
          column('BFD', '.status.bfdStatus')
        ]
      })
    ]),
    group: FRR_K8S_GROUP
  }
}

export type KindName =
  | 'IPAddressPool'
  | 'L2Advertisement'
  | 'BGPAdvertisement'
  | 'BGPPeer'
  | 'BFDProfile'
  | 'Community'
  | 'ServiceL2Status'
  | 'ServiceBGPStatus'
  | 'ConfigurationState'
  | 'BGPSessionState'
