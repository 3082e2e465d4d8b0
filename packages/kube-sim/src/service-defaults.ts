import { compact, type JsonDraft, type JsonObject, numberAt, stringAt, without } from './json.ts'
import {
  clusterIpsOf,
  isExternallyAccessible,
  isSame,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
  nodePortOf,
  portsOf,
  type ServiceSpec,
  typeOf
} from './service-spec.ts'

/** Three hours, as long as Kubernetes sends a client to the same endpoint when nothing else is said. */
const AFFINITY_SECONDS = 10_800

/** Fills in what a client need not say. */
export function defaultServiceSpec(given: ServiceSpec): ServiceSpec {
  const spec: JsonDraft = { ...withoutNulls(given) }
  spec['type'] ??= 'ClusterIP'
  spec['sessionAffinity'] ??= 'None'
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig']
  else if (
    spec['sessionAffinity'] === 'ClientIP' &&
    numberAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds') === undefined
  ) {
    spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  }
  if (spec['ports'] !== undefined) spec['ports'] = portsOf(spec).map(defaultPort)
  if (typeOf(spec) !== 'ExternalName') spec['internalTrafficPolicy'] ??= 'Cluster'
  if (isExternallyAccessible(spec)) spec['externalTrafficPolicy'] ??= 'Cluster'
  if (typeOf(spec) === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true
  return spec
}

/** In typed kinds a `null`, an empty text or a zero in an optional field is no value. */
function withoutNulls(spec: ServiceSpec): ServiceSpec {
  const rest: JsonDraft = {}
  for (const [name, value] of Object.entries(spec)) if (value !== null && value !== '') rest[name] = value
  if (rest['healthCheckNodePort'] === 0) delete rest['healthCheckNodePort']
  return rest
}

function defaultPort(port: JsonObject): JsonObject {
  const target = port['targetPort']
  const hasTarget = target !== undefined && target !== null && target !== '' && target !== 0
  return compact({
    ...without(port, 'nodePort', 'targetPort'),
    name: stringAt(port, 'name') === '' ? undefined : port['name'],
    protocol: stringAt(port, 'protocol') || 'TCP',
    port: port['port'],
    targetPort: hasTarget ? target : port['port'],
    nodePort: port['nodePort'] === 0 || port['nodePort'] === null ? undefined : port['nodePort']
  })
}

/** Keeps what the server gave to the Service, so that the same manifest can be sent again. */
export function keepAllocated(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const result: JsonDraft = { ...spec }
  if (needsClusterIp(old) && needsClusterIp(spec)) {
    result['clusterIP'] ??= old['clusterIP']
    if (clusterIpsOf(spec).length === 0 && result['clusterIP'] === old['clusterIP'])
      result['clusterIPs'] = old['clusterIPs']
  }
  if (needsNodePort(old) && needsNodePort(spec)) result['ports'] = keepNodePorts(spec, old)
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec))
    result['healthCheckNodePort'] ??= old['healthCheckNodePort']
  return compact(result)
}

function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): readonly JsonObject[] {
  const asked = new Set(portsOf(spec).map(nodePortOf))
  const known = new Map(portsOf(old).map((port) => [stringAt(port, 'name') ?? '', nodePortOf(port)]))
  return portsOf(spec).map((port) => {
    const before = known.get(stringAt(port, 'name') ?? '') ?? 0
    return nodePortOf(port) !== 0 || before === 0 || asked.has(before) ? port : { ...port, nodePort: before }
  })
}

/** Makes `clusterIPs` follow `clusterIP` for clients that know only the latter. */
export function normalizeClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): ServiceSpec {
  const address = stringAt(spec, 'clusterIP')
  if (old === undefined) {
    return address !== undefined && clusterIpsOf(spec).length === 0
      ? { ...spec, clusterIPs: [address] }
      : spec
  }
  if (isSame(spec, old, 'clusterIP') || !isSame(spec, old, 'clusterIPs')) {
    return address !== undefined && clusterIpsOf(spec).length === 0
      ? { ...spec, clusterIPs: [address] }
      : spec
  }
  return address === undefined ? without(spec, 'clusterIPs') : { ...spec, clusterIPs: [address] }
}

/** Takes away what only the former type had, unless the client has changed it: then validation speaks. */
export function dropForType(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let result = spec
  const drop = (isNeeded: (of: ServiceSpec) => boolean, ...fields: readonly string[]): void => {
    if (!isNeeded(old) || isNeeded(spec)) return
    for (const field of fields) if (isSame(spec, old, field)) result = without(result, field)
  }
  drop(needsClusterIp, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy')
  drop(needsHealthCheckPort, 'healthCheckNodePort')
  drop((of) => typeOf(of) === 'LoadBalancer', 'allocateLoadBalancerNodePorts', 'loadBalancerClass')
  drop(isExternallyAccessible, 'externalTrafficPolicy')
  const nodePorts = (of: ServiceSpec): string => portsOf(of).map(nodePortOf).join()
  if (needsNodePort(old) && !needsNodePort(spec) && nodePorts(spec) === nodePorts(old)) {
    result = { ...result, ports: portsOf(spec).map((port) => without(port, 'nodePort')) }
  }
  return result
}
