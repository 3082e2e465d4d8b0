import { arrayAt, type Json, numberAt, objectAt, stringAt, stringsAt, valueAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Column } from './resource-type.ts'
import { AGE_COLUMN, formatAge } from './table.ts'

type Cell = Column['cell']

function column(name: string, cell: Cell, priority = 0): Column {
  return { name, type: 'string', priority, cell }
}

function integer(name: string, cell: Cell): Column {
  return { name, type: 'integer', priority: 0, cell }
}

const AGE = AGE_COLUMN

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [column('Status', (it) => stringAt(it, 'status', 'phase')), AGE],
  Node: [
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    column('Version', (it) => stringAt(it, 'status', 'nodeInfo', 'kubeletVersion')),
    column('Internal-IP', (it) => nodeAddress(it, 'InternalIP'), 1),
    column('External-IP', (it) => nodeAddress(it, 'ExternalIP'), 1),
    column('OS-Image', (it) => stringAt(it, 'status', 'nodeInfo', 'osImage') ?? '<unknown>', 1),
    column('Kernel-Version', (it) => stringAt(it, 'status', 'nodeInfo', 'kernelVersion') ?? '<unknown>', 1),
    column(
      'Container-Runtime',
      (it) => stringAt(it, 'status', 'nodeInfo', 'containerRuntimeVersion') ?? '<unknown>',
      1
    )
  ],
  Service: [
    column('Type', (it) => stringAt(it, 'spec', 'type')),
    column('Cluster-IP', (it) => stringAt(it, 'spec', 'clusterIP') || '<none>'),
    column('External-IP', externalAddresses),
    column('Port(s)', servicePorts),
    AGE,
    column('Selector', (it) => pairs(valueAt(it, 'spec', 'selector')), 1)
  ],
  Endpoints: [column('Endpoints', endpointsText), AGE],
  Pod: [
    column('Ready', podReady),
    column('Status', (it) =>
      it.metadata.deletionTimestamp === undefined
        ? (stringAt(it, 'status', 'reason') ?? stringAt(it, 'status', 'phase'))
        : 'Terminating'
    ),
    column('Restarts', (it) =>
      String(statuses(it).reduce((sum: number, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0))
    ),
    AGE,
    column('IP', (it) => stringAt(it, 'status', 'podIP') ?? '<none>', 1),
    column('Node', (it) => stringAt(it, 'spec', 'nodeName') ?? '<none>', 1),
    column('Nominated Node', (it) => stringAt(it, 'status', 'nominatedNodeName') ?? '<none>', 1),
    column('Readiness Gates', () => '<none>', 1)
  ],
  Secret: [column('Type', (it) => stringAt(it, 'type')), integer('Data', (it) => size(it['data'])), AGE],
  ConfigMap: [integer('Data', (it) => size(it['data']) + size(it['binaryData'])), AGE],
  ServiceAccount: [integer('Secrets', (it) => arrayAt(it, 'secrets').length), AGE],
  Event: [
    column('Last Seen', eventSeen),
    column('Type', (it) => stringAt(it, 'type')),
    column('Reason', (it) => stringAt(it, 'reason')),
    column('Object', eventObject),
    column('Subobject', (it) => stringAt(eventTarget(it), 'fieldPath'), 1),
    column(
      'Source',
      (it) =>
        stringAt(it, 'source', 'component') ??
        stringAt(it, 'reportingComponent') ??
        stringAt(it, 'reportingController'),
      1
    ),
    column('Message', (it) => stringAt(it, 'message') ?? stringAt(it, 'note')),
    column(
      'First Seen',
      (it, now) =>
        formatAge(
          stringAt(it, 'firstTimestamp') ?? stringAt(it, 'eventTime') ?? it.metadata.creationTimestamp,
          now
        ),
      1
    ),
    column('Count', (it) => numberAt(it, 'count') ?? 1, 1)
  ],
  Deployment: [
    column(
      'Ready',
      (it) => `${numberAt(it, 'status', 'readyReplicas') ?? 0}/${numberAt(it, 'spec', 'replicas') ?? 1}`
    ),
    column('Up-to-date', (it) => numberAt(it, 'status', 'updatedReplicas') ?? 0),
    column('Available', (it) => numberAt(it, 'status', 'availableReplicas') ?? 0),
    AGE
  ],
  DaemonSet: [
    integer('Desired', (it) => numberAt(it, 'status', 'desiredNumberScheduled') ?? 0),
    integer('Current', (it) => numberAt(it, 'status', 'currentNumberScheduled') ?? 0),
    integer('Ready', (it) => numberAt(it, 'status', 'numberReady') ?? 0),
    integer('Up-to-date', (it) => numberAt(it, 'status', 'updatedNumberScheduled') ?? 0),
    integer('Available', (it) => numberAt(it, 'status', 'numberAvailable') ?? 0),
    column('Node Selector', (it) => pairs(valueAt(it, 'spec', 'template', 'spec', 'nodeSelector'))),
    AGE
  ],
  EndpointSlice: [
    column('AddressType', (it) => stringAt(it, 'addressType')),
    column('Ports', (it) =>
      shortList(
        arrayAt(it, 'ports').map((port) => String(numberAt(port, 'port') ?? '*')),
        '<unset>'
      )
    ),
    column('Endpoints', (it) =>
      shortList(
        arrayAt(it, 'endpoints').flatMap((endpoint) => stringsAt(endpoint, 'addresses')),
        '<unset>'
      )
    ),
    AGE
  ],
  Lease: [column('Holder', (it) => stringAt(it, 'spec', 'holderIdentity')), AGE],
  CustomResourceDefinition: [column('Created At', (it) => it.metadata.creationTimestamp ?? '')],
  Role: [column('Created At', (it) => it.metadata.creationTimestamp ?? '')],
  ClusterRole: [column('Created At', (it) => it.metadata.creationTimestamp ?? '')],
  RoleBinding: [column('Role', roleText), AGE],
  ClusterRoleBinding: [column('Role', roleText), AGE],
  ValidatingWebhookConfiguration: [integer('Webhooks', (it) => arrayAt(it, 'webhooks').length), AGE],
  MutatingWebhookConfiguration: [integer('Webhooks', (it) => arrayAt(it, 'webhooks').length), AGE]
}

/** The columns behind the name that `kubectl get` shows for a built-in kind. */
export function columnsFor(kind: string): readonly Column[] {
  // Event tables have no name in front of kubectl's default columns, but the name is a column all the same.
  return COLUMNS[kind] ?? [AGE]
}

function size(value: Json | undefined): number {
  return Object.keys(objectAt(value) ?? {}).length
}

function pairs(value: Json | undefined): string {
  const entries = Object.entries(objectAt(value) ?? {})
  return entries.length === 0
    ? '<none>'
    : entries
        .map(([key, text]) => `${key}=${typeof text === 'string' ? text : JSON.stringify(text)}`)
        .join(',')
}

function shortList(items: readonly string[], empty: string): string {
  if (items.length === 0) return empty
  return items.length <= 3 ? items.join(',') : `${items.slice(0, 3).join(',')} + ${items.length - 3} more...`
}

function nodeStatus(node: KubeObject): string {
  const ready = arrayAt(node, 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'Ready'
  )
  const status = ready === undefined ? 'Unknown' : stringAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady'
  return valueAt(node, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix))
  return roles.length === 0
    ? '<none>'
    : roles
        .map((label) => label.slice(prefix.length))
        .sort()
        .join(',')
}

function nodeAddress(node: KubeObject, type: string): string {
  const found = arrayAt(node, 'status', 'addresses').find((address) => stringAt(address, 'type') === type)
  return stringAt(found, 'address') ?? '<none>'
}

function externalAddresses(service: KubeObject): string {
  const externalIps = stringsAt(service, 'spec', 'externalIPs')
  switch (stringAt(service, 'spec', 'type')) {
    case 'ExternalName':
      return stringAt(service, 'spec', 'externalName') ?? '<none>'
    case 'LoadBalancer': {
      const ingress = arrayAt(service, 'status', 'loadBalancer', 'ingress')
      const points = ingress.map((point) => stringAt(point, 'ip') ?? stringAt(point, 'hostname') ?? '')
      const all = [...points.filter((point) => point !== ''), ...externalIps]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    default:
      return externalIps.length === 0 ? '<none>' : externalIps.join(',')
  }
}

function servicePorts(service: KubeObject): string {
  const ports = arrayAt(service, 'spec', 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort') ?? 0
    const protocol = stringAt(port, 'protocol') ?? 'TCP'
    return `${numberAt(port, 'port') ?? 0}${nodePort === 0 ? '' : `:${nodePort}`}/${protocol}`
  })
  return ports.length === 0 ? '<none>' : ports.join(',')
}

function endpointsText(endpoints: KubeObject): string {
  const all = arrayAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = arrayAt(subset, 'ports').map((port) => numberAt(port, 'port') ?? 0)
    const addresses = arrayAt(subset, 'addresses').map((address) => stringAt(address, 'ip') ?? '')
    return addresses.flatMap((ip) => (ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${port}`)))
  })
  return shortList(all, '<none>')
}

function statuses(pod: KubeObject): readonly Json[] {
  return arrayAt(pod, 'status', 'containerStatuses')
}

function podReady(pod: KubeObject): string {
  const ready = statuses(pod).filter((status) => valueAt(status, 'ready') === true).length
  return `${ready}/${arrayAt(pod, 'spec', 'containers').length}`
}

function eventTarget(event: KubeObject): Json | undefined {
  return event['involvedObject'] ?? event['regarding']
}

function eventObject(event: KubeObject): string {
  const target = eventTarget(event)
  return `${(stringAt(target, 'kind') ?? '').toLowerCase()}/${stringAt(target, 'name') ?? ''}`
}

function eventSeen(event: KubeObject, now: number): string {
  const last =
    stringAt(event, 'series', 'lastObservedTime') ??
    stringAt(event, 'lastTimestamp') ??
    stringAt(event, 'deprecatedLastTimestamp')
  return formatAge(last ?? stringAt(event, 'eventTime') ?? event.metadata.creationTimestamp, now)
}

function roleText(binding: KubeObject): string {
  return `${stringAt(binding, 'roleRef', 'kind') ?? ''}/${stringAt(binding, 'roleRef', 'name') ?? ''}`
}
