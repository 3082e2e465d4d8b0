/** A verb of the Kubernetes API. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

/** What a binary does to a kind of object, and why it must. */
export interface Access {
  /** Empty for the core group. */
  readonly group: string
  /** Plural, with a sub-resource after a slash: `services/status`. */
  readonly resource: string
  readonly verbs: readonly Verb[]
  /** Only objects of these names. Lists and watches are then allowed with a field selector for one of the names. */
  readonly names?: readonly string[]
  readonly why: string
}

/** What a binary may do. */
export interface Accesses {
  /** In all namespaces, and to objects that are in none. */
  readonly cluster: readonly Access[]
  /** In its own namespace. */
  readonly namespace: readonly Access[]
}

const METALLB = 'metallb.io'
const FOLLOW: readonly Verb[] = ['list', 'watch']
/** Written by server-side apply, which needs the right to create, too. */
const APPLY: readonly Verb[] = ['list', 'watch', 'create', 'patch']
/** One object for each thing that is reported: made, looked after, deleted. */
const KEEP: readonly Verb[] = ['list', 'watch', 'create', 'delete']

const BOTH_IN_CLUSTER: readonly Access[] = [
  {
    group: '',
    resource: 'namespaces',
    verbs: FOLLOW,
    why: 'pools and advertisements select namespaces by label'
  },
  {
    group: '',
    resource: 'events',
    verbs: ['create', 'patch'],
    why: 'tells owners of Services what happened'
  },
  {
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verbs: ['create'],
    why: 'asks who reads /metrics'
  },
  {
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
    verbs: ['create'],
    why: 'asks whether they may'
  }
]

const BOTH_IN_NAMESPACE: readonly Access[] = [
  { group: '', resource: 'pods', verbs: ['get'], why: 'the own pod owns the reports of this process' },
  {
    group: METALLB,
    resource: 'configurationstates',
    verbs: APPLY,
    why: 'reports what is wrong with the configuration'
  },
  { group: METALLB, resource: 'configurationstates/status', verbs: ['patch'], why: 'the report itself' },
  {
    group: '',
    resource: 'configmaps',
    verbs: FOLLOW,
    names: ['bgpextras', 'config'],
    why: 'configuration of MetalLB 0.9 to 0.12, if --config=config is given; text for FRR, to refuse it by name'
  }
]

/** Beside pools. */
const CONFIGURATION = [
  'l2advertisements',
  'bgpadvertisements',
  'bgppeers',
  'bfdprofiles',
  'communities'
] as const

function configuration(verbs: readonly Verb[], why: string): readonly Access[] {
  return CONFIGURATION.map((resource) => ({ group: METALLB, resource, verbs, why }))
}

/** Everything that the controller asks of the API server. */
export const CONTROLLER_ACCESSES: Accesses = {
  cluster: [
    {
      group: '',
      resource: 'services',
      verbs: ['get', 'list', 'watch'],
      why: 'gives addresses to them; reads one again when a write was late'
    },
    {
      group: '',
      resource: 'services/status',
      verbs: ['update'],
      why: 'the addresses, and the pool they are of'
    },
    { group: '', resource: 'nodes', verbs: ['list'], why: 'webhooks check node selectors' },
    ...BOTH_IN_CLUSTER,
    {
      group: 'admissionregistration.k8s.io',
      resource: 'validatingwebhookconfigurations',
      verbs: ['list', 'watch', 'patch'],
      names: ['metallb-webhook-configuration'],
      why: 'puts the authority of the webhooks in'
    },
    {
      group: 'apiextensions.k8s.io',
      resource: 'customresourcedefinitions',
      verbs: ['list', 'watch', 'patch'],
      names: ['bgppeers.metallb.io'],
      why: 'puts the authority of the conversion in'
    }
  ],
  namespace: [
    { group: METALLB, resource: 'ipaddresspools', verbs: FOLLOW, why: 'gives out their addresses' },
    ...configuration(['list'], 'webhooks check new objects beside all others'),
    {
      group: METALLB,
      resource: 'ipaddresspools/status',
      verbs: ['update'],
      why: 'how much of a pool is in use'
    },
    ...BOTH_IN_NAMESPACE,
    {
      group: 'coordination.k8s.io',
      resource: 'leases',
      verbs: ['create'],
      why: 'makes the Lease; a right to create cannot be limited to a name'
    },
    {
      group: 'coordination.k8s.io',
      resource: 'leases',
      verbs: ['get', 'update'],
      names: ['clarion-controller', 'clarion-webhooks'],
      why: 'one of several controllers leads; one of those that are for webhooks alone'
    },
    {
      group: '',
      resource: 'secrets',
      verbs: ['list', 'watch', 'update'],
      names: ['metallb-webhook-cert'],
      why: 'certificate of the webhooks'
    },
    {
      group: '',
      resource: 'secrets',
      verbs: ['list', 'watch', 'update'],
      names: ['clarion-liveness'],
      why: 'keys that speakers trust each other by, made and rotated'
    },
    {
      group: '',
      resource: 'secrets',
      verbs: ['create'],
      why: 'makes these two if they are not there, or puts them back; a right to create cannot be limited to a name'
    }
  ]
}

/** Everything that a speaker asks of the API server. */
export const SPEAKER_ACCESSES: Accesses = {
  cluster: [
    { group: '', resource: 'services', verbs: FOLLOW, why: 'announces their addresses' },
    { group: '', resource: 'nodes', verbs: FOLLOW, why: 'elects who answers' },
    {
      group: 'discovery.k8s.io',
      resource: 'endpointslices',
      verbs: FOLLOW,
      why: 'only where there is a backend'
    },
    ...BOTH_IN_CLUSTER
  ],
  namespace: [
    { group: METALLB, resource: 'ipaddresspools', verbs: FOLLOW, why: 'whose addresses are announced' },
    ...configuration(FOLLOW, 'how they are announced, to whom'),
    { group: '', resource: 'secrets', verbs: FOLLOW, why: 'passwords of BGP sessions; keys of liveness' },
    {
      group: '',
      resource: 'pods',
      verbs: FOLLOW,
      why: "looks for MetalLB's speakers: two elections would not agree"
    },
    ...BOTH_IN_NAMESPACE,
    ...['servicel2statuses', 'servicebgpstatuses'].flatMap((resource): readonly Access[] => [
      { group: METALLB, resource, verbs: KEEP, why: 'reports what is announced' },
      { group: METALLB, resource: `${resource}/status`, verbs: ['update'], why: 'the report itself' }
    ]),
    { group: 'frrk8s.metallb.io', resource: 'bgpsessionstates', verbs: KEEP, why: 'reports BGP sessions' },
    {
      group: 'frrk8s.metallb.io',
      resource: 'bgpsessionstates/status',
      verbs: ['update'],
      why: 'the report itself'
    },
    {
      group: 'coordination.k8s.io',
      resource: 'leases',
      verbs: ['list', 'watch', 'create', 'patch'],
      why: 'speakers tell each other that they are alive, each with a Lease named after its node'
    }
  ]
}

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly Verb[]
  readonly resourceNames?: readonly string[]
}

/** Rules that allow just this; what has the same verbs in one group shares a rule. */
export function rulesOf(accesses: readonly Access[]): readonly Rule[] {
  const rules = new Map<string, Rule>()
  for (const { group, resource, verbs, names } of accesses) {
    const key = JSON.stringify([group, verbs, names])
    const before = rules.get(key)?.resources ?? []
    rules.set(key, {
      apiGroups: [group],
      resources: [...before, resource],
      ...(names === undefined ? {} : { resourceNames: names }),
      verbs
    })
  }
  return [...rules.values()]
}
