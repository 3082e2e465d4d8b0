import { ApiError, type FieldProblem } from './api-error.ts'
import { arrayAt, isObject, type JsonDraft, type JsonObject, numberAt, objectAt, stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Strategy, type WriteContext } from './resource-type.ts'
import { nodePortsOf, type ServiceAllocations } from './service-allocations.ts'
import { defaultServiceSpec, dropForType, keepAllocated, normalizeClusterIps } from './service-defaults.ts'
import { decideFamilies } from './service-families.ts'
import { invalid } from './service-problems.ts'
import {
  clusterIpsOf,
  familiesOf,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
  nodePortOf,
  portsOf,
  type ServiceSpec
} from './service-spec.ts'
import { validateService, validateServiceStatus, validateServiceUpdate } from './service-validation.ts'

/** The rules of Services: defaults, addresses and ports from the cluster's ranges, and what may not be. */
export function createServiceStrategy(allocations: ServiceAllocations): Strategy {
  const allocate = (service: KubeObject, old: KubeObject | undefined, context: WriteContext): KubeObject => {
    const refuse = (problems: readonly FieldProblem[]): void => {
      if (problems.length > 0) throw ApiError.invalid(context.type, service.metadata.name, problems)
    }
    const oldSpec = old === undefined ? undefined : (objectAt(old, 'spec') ?? {})
    const prepared = prepare(objectAt(service, 'spec') ?? {}, oldSpec)
    const configured = allocations.families.map((family) => `IPv${family}`)
    const { spec: withFamilies, problems } = decideFamilies(prepared, oldSpec, configured)
    refuse(problems)
    const withAddresses = allocateAddresses(withFamilies, oldSpec, allocations, refuse)
    const spec = allocatePorts(withAddresses, old, allocations, refuse)
    refuse([...validateService(spec), ...(oldSpec === undefined ? [] : validateServiceUpdate(spec, oldSpec))])
    return { ...service, spec }
  }
  return {
    create: (service, context) => ({
      ...allocate(service, undefined, context),
      status: { loadBalancer: {} }
    }),
    update: allocate,
    updateStatus: (service, _old, { type }) => {
      const status = defaultStatus(objectAt(service, 'status'))
      const problems = validateServiceStatus(objectAt(service, 'spec') ?? {}, status)
      if (problems.length > 0) throw ApiError.invalid(type, service.metadata.name, problems)
      return { ...service, status }
    }
  }
}

function prepare(given: ServiceSpec, old: ServiceSpec | undefined): ServiceSpec {
  const spec = defaultServiceSpec(given)
  if (old === undefined) return normalizeClusterIps(spec, undefined)
  return dropForType(normalizeClusterIps(keepAllocated(spec, old), old), old)
}

type Refuse = (problems: readonly FieldProblem[]) => void

/** Takes the addresses that are asked for, and free ones for the other families. */
function allocateAddresses(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  allocations: ServiceAllocations,
  refuse: Refuse
): ServiceSpec {
  if (!needsClusterIp(spec) || isHeadless(spec)) return spec
  const own = old === undefined ? [] : clusterIpsOf(old)
  const given = clusterIpsOf(spec)
  const clusterIPs = familiesOf(spec).flatMap((family, index) => {
    const wanted = given[index]
    // What is there stays; a changed one is for validation to refuse.
    if (index < own.length) return wanted ?? []
    if (wanted === undefined) {
      const address = allocations.nextAddress(family === 'IPv4' ? 4 : 6)
      if (address === undefined)
        throw new ApiError('InternalError', 'failed to allocate a serviceIP: range is full')
      return address.toString()
    }
    const refusal = allocations.refuseAddress(wanted)
    if (refusal !== undefined) refuse([invalid('spec.clusterIPs', given, refusal)])
    return wanted
  })
  return { ...spec, clusterIP: clusterIPs[0], clusterIPs }
}

/** Takes the node ports that are asked for, and free ones where they are missing. */
function allocatePorts(
  spec: ServiceSpec,
  old: KubeObject | undefined,
  allocations: ServiceAllocations,
  refuse: Refuse
): ServiceSpec {
  if (!needsNodePort(spec)) return spec
  const own = old === undefined ? new Set<number>() : nodePortsOf(old)
  const taken = new Set([...portsOf(spec).map(nodePortOf), numberAt(spec, 'healthCheckNodePort') ?? 0])
  const next = (): number => {
    const port = allocations.nextNodePort(taken)
    if (port === undefined)
      throw new ApiError('InternalError', 'failed to allocate a nodePort: range is full')
    taken.add(port)
    return port
  }
  const isAllocating = spec['type'] === 'NodePort' || spec['allocateLoadBalancerNodePorts'] !== false
  /** One number of a Service gets one node port for all its protocols. */
  const byPort = new Map<number, number>(
    portsOf(spec)
      .filter((port) => nodePortOf(port) !== 0)
      .map((port) => [Number(port['port']), nodePortOf(port)])
  )
  const usedByProtocol = new Set(
    portsOf(spec).map((port) => `${stringAt(port, 'protocol')}/${nodePortOf(port)}`)
  )
  const ports = portsOf(spec).map((port, index): JsonObject => {
    const wanted = nodePortOf(port)
    if (wanted !== 0) {
      const refusal = own.has(wanted) ? undefined : allocations.refuseNodePort(wanted)
      if (refusal !== undefined) refuse([invalid(`spec.ports[${index}].nodePort`, wanted, refusal)])
      return port
    }
    if (!isAllocating) return port
    const number = Number(port['port'])
    const shared = byPort.get(number)
    const isFree = shared !== undefined && !usedByProtocol.has(`${stringAt(port, 'protocol')}/${shared}`)
    const nodePort = isFree ? shared : next()
    byPort.set(number, nodePort)
    usedByProtocol.add(`${stringAt(port, 'protocol')}/${nodePort}`)
    return { ...port, nodePort }
  })
  return allocateHealthCheck({ ...spec, ports }, own, { allocations, next, refuse })
}

interface PortSource {
  readonly allocations: ServiceAllocations
  readonly next: () => number
  readonly refuse: Refuse
}

function allocateHealthCheck(
  spec: ServiceSpec,
  own: ReadonlySet<number>,
  { allocations, next, refuse }: PortSource
): ServiceSpec {
  if (!needsHealthCheckPort(spec)) return spec
  const wanted = numberAt(spec, 'healthCheckNodePort') ?? 0
  if (wanted === 0) return { ...spec, healthCheckNodePort: next() }
  const refusal = own.has(wanted) ? undefined : allocations.refuseNodePort(wanted)
  if (refusal !== undefined) refuse([invalid('spec.healthCheckNodePort', wanted, refusal)])
  return spec
}

/** An address in the status is a virtual one unless it says something else. */
function defaultStatus(status: JsonObject | undefined): JsonObject {
  const result: JsonDraft = { ...status }
  const balancer = objectAt(status, 'loadBalancer') ?? {}
  const ingress = arrayAt(balancer, 'ingress').filter(isObject)
  const complete = ingress.map((entry) =>
    (stringAt(entry, 'ip') ?? '') === '' ? entry : { ...entry, ipMode: entry['ipMode'] ?? 'VIP' }
  )
  result['loadBalancer'] = ingress.length === 0 ? {} : { ...balancer, ingress: complete }
  return result
}
