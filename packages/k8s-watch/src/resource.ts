import type { KubeObject } from './object.ts'
import type {
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1EndpointSlice,
  V1Event,
  V1Lease,
  V1Namespace,
  V1Node,
  V1Pod,
  V1Secret,
  V1Service,
  V1ValidatingWebhookConfiguration
} from './types.ts'

/** A kind as the API server serves it. `T` is the type of its objects; it exists only while compiling. */
export interface ResourceRef<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Lower case, as in the URL. */
  readonly plural: string
  readonly kind: string
  readonly isNamespaced: boolean
  /** Never set: it only carries `T`. */
  readonly objectType?: T
}

/** A resource whose objects are `T`. Nothing is checked at run time. */
export function defineResource<T extends KubeObject>(
  resource: Omit<ResourceRef, 'objectType'>
): ResourceRef<T> {
  return resource
}

/** `apiVersion` of a resource's objects. */
export function apiVersionOf(resource: ResourceRef): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

const CORE = { group: '', version: 'v1', isNamespaced: true } as const

export const CONFIG_MAPS: ResourceRef<V1ConfigMap> = { ...CORE, plural: 'configmaps', kind: 'ConfigMap' }
export const EVENTS: ResourceRef<V1Event> = { ...CORE, plural: 'events', kind: 'Event' }
export const NAMESPACES: ResourceRef<V1Namespace> = {
  ...CORE,
  plural: 'namespaces',
  kind: 'Namespace',
  isNamespaced: false
}
export const NODES: ResourceRef<V1Node> = { ...CORE, plural: 'nodes', kind: 'Node', isNamespaced: false }
export const PODS: ResourceRef<V1Pod> = { ...CORE, plural: 'pods', kind: 'Pod' }
export const SECRETS: ResourceRef<V1Secret> = { ...CORE, plural: 'secrets', kind: 'Secret' }
export const SERVICES: ResourceRef<V1Service> = { ...CORE, plural: 'services', kind: 'Service' }
export const ENDPOINT_SLICES: ResourceRef<V1EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  isNamespaced: true
}
export const LEASES: ResourceRef<V1Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  isNamespaced: true
}
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceRef<V1CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false
}
export const VALIDATING_WEBHOOK_CONFIGURATIONS: ResourceRef<V1ValidatingWebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  isNamespaced: false
}

/** The URL path of a collection (all namespaces when `namespace` is empty), or of one object or its sub-resource. */
export function resourcePath(
  resource: ResourceRef,
  target: {
    readonly namespace?: string | undefined
    readonly name?: string
    readonly subresource?: string | undefined
  }
): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const { namespace = '', name, subresource } = target
  const scope =
    resource.isNamespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${resource.plural}${object}${subresource === undefined ? '' : `/${subresource}`}`
}
