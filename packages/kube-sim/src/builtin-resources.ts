import {
  CONDITIONS_SCHEMA,
  NODE_SCHEMA,
  POD_SCHEMA,
  SERVICE_ACCOUNT_SCHEMA,
  SERVICE_SCHEMA,
  WEBHOOKS_SCHEMA,
  WORKLOAD_SCHEMA
} from './builtin-schemas.ts'
import { EVENT_STRATEGY } from './event-rules.ts'
import { eventFromStorage, eventToStorage } from './event-versions.ts'
import { isObject, type JsonDraft, objectAt } from './json.ts'
import { type KubeObject, type ObjectMeta, withMeta } from './kube-object.ts'
import { LEASE_STRATEGY } from './lease-rules.ts'
import { defineResource, type ResourceType, type Strategy } from './resource-type.ts'
import { columnsFor } from './table-columns.ts'

const NAMESPACE_RULES: Strategy = {
  create: (object) => {
    const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
    const labelled = withMeta(object, { labels } satisfies Partial<ObjectMeta>)
    return { ...labelled, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
  }
}

const POD_RULES: Strategy = {
  create: (object) => ({
    ...object,
    status: object['status'] ?? { phase: 'Pending', qosClass: 'BestEffort' }
  })
}

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type'
]

/** Everything that is served without a CustomResourceDefinition. */
export function builtinResources(rules: {
  readonly service: Strategy
  readonly crd: Strategy
}): readonly ResourceType[] {
  return [...coreResources(rules.service), ...configurationResources(), ...groupResources(rules.crd)]
}

const CORE = { group: '', version: 'v1' }

function coreResources(service: Strategy): readonly ResourceType[] {
  return [
    ...clusterResources(),
    defineResource({
      ...CORE,
      plural: 'services',
      kind: 'Service',
      shortNames: ['svc'],
      categories: ['all'],
      hasStatus: true,
      fieldSelectors: ['spec.clusterIP', 'spec.type'],
      strategy: service,
      schema: SERVICE_SCHEMA,
      returnsDeleted: true,
      columns: columnsFor('Service')
    }),
    defineResource({
      ...CORE,
      plural: 'endpoints',
      kind: 'Endpoints',
      singular: 'endpoints',
      shortNames: ['ep'],
      columns: columnsFor('Endpoints')
    }),
    defineResource({
      ...CORE,
      plural: 'pods',
      kind: 'Pod',
      shortNames: ['po'],
      categories: ['all'],
      hasStatus: true,
      keepsStatusOnCreate: true,
      fieldSelectors: [
        'spec.nodeName',
        'spec.restartPolicy',
        'spec.schedulerName',
        'spec.serviceAccountName',
        'spec.hostNetwork',
        'status.phase',
        'status.podIP',
        'status.nominatedNodeName'
      ],
      strategy: POD_RULES,
      schema: POD_SCHEMA,
      returnsDeleted: true,
      columns: columnsFor('Pod')
    })
  ]
}

function clusterResources(): readonly ResourceType[] {
  return [
    defineResource({
      ...CORE,
      plural: 'namespaces',
      kind: 'Namespace',
      shortNames: ['ns'],
      isNamespaced: false,
      hasStatus: true,
      keepsStatusOnCreate: true,
      fieldSelectors: ['status.phase'],
      strategy: NAMESPACE_RULES,
      schema: CONDITIONS_SCHEMA,
      returnsDeleted: true,
      columns: columnsFor('Namespace')
    }),
    defineResource({
      ...CORE,
      plural: 'nodes',
      kind: 'Node',
      shortNames: ['no'],
      isNamespaced: false,
      hasStatus: true,
      keepsStatusOnCreate: true,
      fieldSelectors: ['spec.unschedulable'],
      schema: NODE_SCHEMA,
      columns: columnsFor('Node')
    })
  ]
}

function configurationResources(): readonly ResourceType[] {
  return [
    defineResource({
      ...CORE,
      plural: 'secrets',
      kind: 'Secret',
      fieldSelectors: ['type'],
      strategy: { create: secretData, update: secretData },
      columns: columnsFor('Secret')
    }),
    defineResource({
      ...CORE,
      plural: 'configmaps',
      kind: 'ConfigMap',
      shortNames: ['cm'],
      columns: columnsFor('ConfigMap')
    }),
    defineResource({
      ...CORE,
      plural: 'serviceaccounts',
      kind: 'ServiceAccount',
      shortNames: ['sa'],
      schema: SERVICE_ACCOUNT_SCHEMA,
      columns: columnsFor('ServiceAccount')
    }),
    defineResource({
      ...CORE,
      plural: 'events',
      kind: 'Event',
      shortNames: ['ev'],
      fieldSelectors: EVENT_FIELDS,
      strategy: EVENT_STRATEGY,
      columns: columnsFor('Event')
    })
  ]
}

function groupResources(crd: Strategy): readonly ResourceType[] {
  const apps = {
    group: 'apps',
    version: 'v1',
    hasStatus: true,
    hasGeneration: true,
    schema: WORKLOAD_SCHEMA,
    categories: ['all']
  }
  const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' }
  const admission = {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    isNamespaced: false,
    hasGeneration: true,
    schema: WEBHOOKS_SCHEMA,
    categories: ['api-extensions']
  }
  return [
    defineResource({
      group: 'events.k8s.io',
      version: 'v1',
      plural: 'events',
      kind: 'Event',
      shortNames: ['ev'],
      storage: '/events',
      fieldSelectors: [
        'reason',
        'type',
        'regarding.kind',
        'regarding.namespace',
        'regarding.name',
        'regarding.uid',
        'reportingController'
      ],
      toStorage: eventToStorage,
      fromStorage: eventFromStorage,
      columns: columnsFor('Event')
    }),
    defineResource({
      ...apps,
      plural: 'deployments',
      kind: 'Deployment',
      shortNames: ['deploy'],
      columns: columnsFor('Deployment')
    }),
    defineResource({
      ...apps,
      plural: 'daemonsets',
      kind: 'DaemonSet',
      shortNames: ['ds'],
      columns: columnsFor('DaemonSet')
    }),
    defineResource({
      group: 'discovery.k8s.io',
      version: 'v1',
      plural: 'endpointslices',
      kind: 'EndpointSlice',
      hasGeneration: true,
      columns: columnsFor('EndpointSlice')
    }),
    defineResource({
      group: 'coordination.k8s.io',
      version: 'v1',
      plural: 'leases',
      kind: 'Lease',
      strategy: LEASE_STRATEGY,
      allowsUnconditionalUpdate: false,
      columns: columnsFor('Lease')
    }),
    defineResource({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      isNamespaced: false,
      hasStatus: true,
      hasGeneration: true,
      allowsUnconditionalUpdate: false,
      statusKeepsMetadata: false,
      strategy: crd,
      columns: columnsFor('CustomResourceDefinition')
    }),
    defineResource({ ...rbac, plural: 'roles', kind: 'Role', columns: columnsFor('Role') }),
    defineResource({
      ...rbac,
      plural: 'rolebindings',
      kind: 'RoleBinding',
      columns: columnsFor('RoleBinding')
    }),
    defineResource({
      ...rbac,
      plural: 'clusterroles',
      kind: 'ClusterRole',
      isNamespaced: false,
      columns: columnsFor('ClusterRole')
    }),
    defineResource({
      ...rbac,
      plural: 'clusterrolebindings',
      kind: 'ClusterRoleBinding',
      isNamespaced: false,
      columns: columnsFor('ClusterRoleBinding')
    }),
    defineResource({
      ...admission,
      plural: 'validatingwebhookconfigurations',
      kind: 'ValidatingWebhookConfiguration',
      columns: columnsFor('ValidatingWebhookConfiguration')
    }),
    defineResource({
      ...admission,
      plural: 'mutatingwebhookconfigurations',
      kind: 'MutatingWebhookConfiguration',
      columns: columnsFor('MutatingWebhookConfiguration')
    })
  ]
}

/** `stringData` is written into `data`, and never stored. */
function secretData(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object
  const type = rest['type'] ?? 'Opaque'
  const base = { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata, type }
  if (!isObject(stringData)) return base
  const data: JsonDraft = { ...objectAt(rest, 'data') }
  for (const [key, value] of Object.entries(stringData)) {
    if (typeof value === 'string') data[key] = Buffer.from(value).toString('base64')
  }
  return { ...base, data }
}
