import { tryParseIpAddress } from '@clarion-lb/netaddr'
import { arrayAt, isEqual, isObject, type JsonObject, numberAt, stringAt, stringsAt } from './json.ts'

/** `spec` of a Service. */
export type ServiceSpec = JsonObject

/** What a Service may be. */
export const SERVICE_TYPES: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

export function typeOf(spec: ServiceSpec): string {
  return stringAt(spec, 'type') ?? ''
}

export function portsOf(spec: ServiceSpec): readonly JsonObject[] {
  return arrayAt(spec, 'ports').filter(isObject)
}

export function clusterIpsOf(spec: ServiceSpec): readonly string[] {
  return stringsAt(spec, 'clusterIPs')
}

export function familiesOf(spec: ServiceSpec): readonly string[] {
  return stringsAt(spec, 'ipFamilies')
}

/** `IPv4`, `IPv6`, or `undefined` for a text that is no address. */
export function familyOf(text: string): string | undefined {
  const address = tryParseIpAddress(text)
  return address === undefined ? undefined : `IPv${address.family}`
}

/** Whether a Service has names but no address of its own. */
export function isHeadless(spec: ServiceSpec): boolean {
  return stringAt(spec, 'clusterIP') === 'None'
}

export function hasSelector(spec: ServiceSpec): boolean {
  const selector = spec['selector']
  return isObject(selector) && Object.keys(selector).length > 0
}

export function needsClusterIp(spec: ServiceSpec): boolean {
  return typeOf(spec) !== 'ExternalName'
}

export function needsNodePort(spec: ServiceSpec): boolean {
  return typeOf(spec) === 'NodePort' || typeOf(spec) === 'LoadBalancer'
}

/** Whether traffic can reach it from outside of the cluster. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return needsNodePort(spec) || (typeOf(spec) === 'ClusterIP' && arrayAt(spec, 'externalIPs').length > 0)
}

export function needsHealthCheckPort(spec: ServiceSpec): boolean {
  return typeOf(spec) === 'LoadBalancer' && stringAt(spec, 'externalTrafficPolicy') === 'Local'
}

export function isSame(left: ServiceSpec, right: ServiceSpec, field: string): boolean {
  return isEqual(left[field], right[field])
}

export function nodePortOf(port: JsonObject): number {
  return numberAt(port, 'nodePort') ?? 0
}
