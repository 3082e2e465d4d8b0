import { type Json, type JsonObject, stringAt } from '../src/json.ts'

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
export const SERVICES = '/api/v1/namespaces/default/services'
export const PODS = '/api/v1/namespaces/default/pods'
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export function configMap(name: string, data: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

export function pod(name: string, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'main', image: 'a' }] }
  }
}

export function service(name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...metadata },
    spec: { ports: [{ port: 80 }], ...spec }
  }
}

export function namespace(name: string): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
}

/** A definition of the kind `Gate` in `gates.example.test`, in one version unless more are given. */
export function crd(schema: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gates.example.test' },
    spec: {
      group: 'example.test',
      scope: 'Namespaced',
      names: { plural: 'gates', kind: 'Gate', shortNames: ['gt'] },
      versions: [version('v1', schema, { storage: true })],
      ...more
    }
  }
}

/** One version of a definition; the schema is that of `spec`. */
export function version(name: string, schema: JsonObject, more: JsonObject = {}): JsonObject {
  const properties = {
    spec: schema,
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  }
  return {
    name,
    served: true,
    storage: false,
    schema: { openAPIV3Schema: { type: 'object', properties } },
    ...more
  }
}

export const GATES = '/apis/example.test/v1/namespaces/default/gates'

export function gate(name: string, spec: Json = {}, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'example.test/v1', kind: 'Gate', metadata: { name, ...metadata }, spec }
}

export function versionOf(object: Json): string {
  return stringAt(object, 'metadata', 'resourceVersion') ?? ''
}

export function message(body: Json): string {
  return stringAt(body, 'message') ?? ''
}
