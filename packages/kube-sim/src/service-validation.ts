import { IpPrefix } from '@clarion-lb/netaddr'
import { type FieldProblem } from './api-error.ts'
import {
  arrayAt,
  isEqual,
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  stringAt,
  stringsAt
} from './json.ts'
import { portProblems } from './service-ports.ts'
import { duplicate, forbidden, invalid, required, unsupported } from './service-problems.ts'
import {
  clusterIpsOf,
  familiesOf,
  familyOf,
  isExternallyAccessible,
  isHeadless,
  needsHealthCheckPort,
  needsNodePort,
  portsOf,
  SERVICE_TYPES,
  type ServiceSpec,
  typeOf
} from './service-spec.ts'

const NOT_AN_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
const POLICIES = ['Cluster', 'Local']
const CLASS = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** What is wrong with a Service. */
export function validateService(spec: ServiceSpec): readonly FieldProblem[] {
  const type = typeOf(spec)
  const problems: FieldProblem[] = []
  if (!SERVICE_TYPES.includes(type)) problems.push(unsupported('spec.type', type, SERVICE_TYPES))
  if (portsOf(spec).length === 0 && !isHeadless(spec) && type !== 'ExternalName')
    problems.push(required('spec.ports'))
  if (needsNodePort(spec) && isHeadless(spec))
    problems.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  if (type === 'ExternalName') problems.push(...externalNameProblems(spec))
  const affinity = stringAt(spec, 'sessionAffinity') ?? ''
  if (!['ClientIP', 'None'].includes(affinity))
    problems.push(unsupported('spec.sessionAffinity', affinity, ['ClientIP', 'None']))
  const timeout = numberAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  if (timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    problems.push(
      invalid(
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        timeout,
        'must be greater than 0 and less than 86400'
      )
    )
  }
  problems.push(
    ...portProblems(spec),
    ...clusterIpProblems(spec),
    ...loadBalancerProblems(spec),
    ...trafficProblems(spec)
  )
  for (const [index, address] of arrayAt(spec, 'externalIPs').entries()) {
    if (typeof address !== 'string' || familyOf(address) === undefined)
      problems.push(invalid(`spec.externalIPs[${index}]`, address, NOT_AN_IP))
  }
  return problems
}

/** What must not change in a Service. */
export function validateServiceUpdate(spec: ServiceSpec, old: ServiceSpec): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  if (
    typeOf(spec) === 'LoadBalancer' &&
    typeOf(old) === 'LoadBalancer' &&
    !isEqual(spec['loadBalancerClass'], old['loadBalancerClass'])
  ) {
    problems.push(invalid('spec.loadBalancerClass', spec['loadBalancerClass'], 'may not change once set'))
  }
  const port = numberAt(spec, 'healthCheckNodePort') ?? 0
  if (
    needsHealthCheckPort(spec) &&
    needsHealthCheckPort(old) &&
    port !== (numberAt(old, 'healthCheckNodePort') ?? 0)
  ) {
    problems.push(invalid('spec.healthCheckNodePort', port, 'field is immutable'))
  }
  if (
    typeOf(spec) === 'ExternalName' ||
    typeOf(old) === 'ExternalName' ||
    (isHeadless(spec) && isHeadless(old))
  )
    return problems
  problems.push(...changedOnceSet('spec.clusterIPs', clusterIpsOf(old), clusterIpsOf(spec)))
  if (!isHeadless(spec) && !isHeadless(old))
    problems.push(...changedOnceSet('spec.ipFamilies', familiesOf(old), familiesOf(spec)))
  return problems
}

/** What is wrong with the status of a Service. */
export function validateServiceStatus(
  spec: ServiceSpec,
  status: JsonObject | undefined
): readonly FieldProblem[] {
  const ingress = arrayAt(status, 'loadBalancer', 'ingress')
  if (ingress.length > 0 && typeOf(spec) !== 'LoadBalancer') {
    return [forbidden('status.loadBalancer.ingress', 'may only be used when `spec.type` is "LoadBalancer"')]
  }
  return ingress.flatMap((entry, index): readonly FieldProblem[] => {
    const path = `status.loadBalancer.ingress[${index}]`
    const address = stringAt(entry, 'ip') ?? ''
    const mode = stringAt(entry, 'ipMode')
    if (address !== '' && familyOf(address) === undefined) return [invalid(`${path}.ip`, address, NOT_AN_IP)]
    if (address === '' && mode !== undefined)
      return [forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set')]
    if (mode !== undefined && mode !== 'VIP' && mode !== 'Proxy')
      return [unsupported(`${path}.ipMode`, mode, ['Proxy', 'VIP'])]
    return []
  })
}

function changedOnceSet(
  field: string,
  before: readonly string[],
  after: readonly string[]
): readonly FieldProblem[] {
  const isOneLess = before.length > after.length
  if (isOneLess && after.length === 0)
    return [
      invalid(
        `${field}[0]`,
        after,
        `primary ${field === 'spec.clusterIPs' ? 'clusterIP' : 'ipFamily'} can not be unset`
      )
    ]
  return before
    .slice(0, after.length)
    .flatMap((value, index) =>
      value === after[index] ? [] : [invalid(`${field}[${index}]`, after, 'may not change once set')]
    )
}

/** `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy`, each alone and together. */
export function clusterIpProblems(spec: ServiceSpec): readonly FieldProblem[] {
  if (typeOf(spec) === 'ExternalName') return []
  const address = stringAt(spec, 'clusterIP')
  const addresses = clusterIpsOf(spec)
  const field = 'spec.clusterIPs'
  const problems: FieldProblem[] = []
  if (address === undefined) {
    if (addresses.length > 0)
      problems.push(invalid(field, addresses, 'must be empty when `clusterIP` is not specified'))
  } else if (addresses.length === 0) problems.push(required(field))
  else if (addresses[0] !== address)
    problems.push(invalid(field, addresses, 'first value must match `clusterIP`'))
  for (const [index, family] of familiesOf(spec).entries()) {
    if (family !== 'IPv4' && family !== 'IPv6')
      problems.push(unsupported(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6']))
    if (familiesOf(spec).indexOf(family) < index)
      problems.push(duplicate(`spec.ipFamilies[${index}]`, JSON.stringify(family)))
  }
  const policy = spec['ipFamilyPolicy']
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  if (policy !== undefined && !policies.some((known) => known === policy))
    problems.push(unsupported('spec.ipFamilyPolicy', policy, policies))
  if (addresses[0] === 'None' && addresses.length > 1)
    return [...problems, invalid(field, addresses, "'None' must be the first and only value")]
  const broken = addresses.flatMap((text, index) =>
    text === 'None' || familyOf(text) !== undefined ? [] : [invalid(`${field}[${index}]`, text, NOT_AN_IP)]
  )
  if (addresses.length > 2) problems.push(invalid(field, addresses, 'may only hold up to 2 values'))
  if (broken.length > 0) return [...problems, ...broken]
  if (addresses.length > 1 && new Set(addresses.map(familyOf)).size < addresses.length)
    problems.push(invalid(field, addresses, 'may specify no more than one IP for each IP family'))
  return isHeadless(spec) ? problems : [...problems, ...familyProblems(addresses, familiesOf(spec))]
}

function familyProblems(addresses: readonly string[], families: readonly string[]): readonly FieldProblem[] {
  return addresses.flatMap((address, index) => {
    const wanted = families[index]
    if (wanted === undefined || familyOf(address) === wanted) return []
    return [
      invalid(
        `spec.clusterIPs[${index}]`,
        address,
        `expected an ${wanted} value as indicated by \`ipFamilies[${index}]\``
      )
    ]
  })
}

function externalNameProblems(spec: ServiceSpec): readonly FieldProblem[] {
  const problems = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'].filter((field) => !isEmpty(spec[field]))
  const name = stringAt(spec, 'externalName') ?? ''
  const nameProblem = name === '' ? [required('spec.externalName')] : []
  return [
    ...problems.map((field) => forbidden(`spec.${field}`, "may not be set when `type` is 'ExternalName'")),
    ...nameProblem
  ]
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

function loadBalancerProblems(spec: ServiceSpec): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const ranges = stringsAt(spec, 'loadBalancerSourceRanges')
  if (typeOf(spec) !== 'LoadBalancer') {
    for (const field of ['loadBalancerSourceRanges', 'allocateLoadBalancerNodePorts', 'loadBalancerClass']) {
      if (!isEmpty(spec[field])) problems.push(forbidden(`spec.${field}`, ONLY_LOAD_BALANCER))
    }
    return problems
  }
  for (const [index, range] of ranges.entries()) {
    if (!isPrefix(range.trim()))
      problems.push(
        invalid(
          `spec.LoadBalancerSourceRanges[${index}]`,
          range,
          'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
        )
      )
  }
  const name = stringAt(spec, 'loadBalancerClass')
  if (name !== undefined && !CLASS.test(name)) {
    problems.push(
      invalid(
        'spec.loadBalancerClass',
        name,
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
      )
    )
  }
  return problems
}

function isPrefix(text: string): boolean {
  try {
    IpPrefix.parse(text, { hostBits: 'mask' })
    return true
  } catch {
    return false
  }
}

function trafficProblems(spec: ServiceSpec): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const external = stringAt(spec, 'externalTrafficPolicy')
  const internal = stringAt(spec, 'internalTrafficPolicy')
  if (!isExternallyAccessible(spec)) {
    if (external !== undefined)
      problems.push(
        invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services')
      )
  } else if (external === undefined || !POLICIES.includes(external))
    problems.push(unsupported('spec.externalTrafficPolicy', external, POLICIES))
  if (internal !== undefined && !POLICIES.includes(internal))
    problems.push(unsupported('spec.internalTrafficPolicy', internal, POLICIES))
  const port = numberAt(spec, 'healthCheckNodePort') ?? 0
  if (port !== 0 && !needsHealthCheckPort(spec)) {
    problems.push(
      invalid(
        'spec.healthCheckNodePort',
        port,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
      )
    )
  }
  const selector = objectAt(spec, 'selector') ?? {}
  for (const [key, value] of Object.entries(selector)) {
    if (typeof value !== 'string') problems.push(invalid(`spec.selector.${key}`, value, 'must be a string'))
  }
  return problems
}
