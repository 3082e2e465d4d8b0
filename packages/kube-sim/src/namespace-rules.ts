import { type Api, type ApiHooks } from './api.ts'
import { ApiError } from './api-error.ts'
import { stringAt } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { type Registry } from './registry.ts'
import { type ResourceType } from './resource-type.ts'
import { type StoreChange } from './store.ts'
import { timestamp } from './write-rules.ts'

const PROTECTED = new Set(['default', 'kube-public', 'kube-system'])

/** A namespace that is deleted takes its content along, and waits for the finalizers in it. */
export class NamespaceRules {
  readonly #api: Api
  readonly #registry: Registry
  readonly #terminating = new Set<string>()

  readonly hooks: ApiHooks = {
    admit: (type, object) => this.#admit(type, object),
    deleting: (type, object) => {
      if (type.storage !== '/namespaces') return false
      this.#delete(type, object)
      return true
    }
  }

  constructor({ api, registry }: { readonly api: Api; readonly registry: Registry }) {
    this.#api = api
    this.#registry = registry
    api.store.observe(
      (change) => this.#observe(change),
      () => this.#terminating.clear()
    )
  }

  /** New objects need a namespace that is there to stay. */
  #admit(type: ResourceType, object: KubeObject): void {
    const { name, namespace } = object.metadata
    if (!type.isNamespaced || namespace === undefined) return
    const found = this.#api.store.get('/namespaces', undefined, namespace)
    if (found === undefined) {
      throw ApiError.notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace)
    }
    if (stringAt(found.object, 'status', 'phase') !== 'Terminating') return
    const message = `namespace ${namespace} is being terminated`
    throw new ApiError(
      'Forbidden',
      `${type.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      {
        name,
        kind: type.plural,
        causes: [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }]
      }
    )
  }

  #observe({ resource, current, previous }: StoreChange): void {
    if (current !== undefined) {
      // Also one that comes back from a file in the middle of its deletion.
      if (resource === '/namespaces' && current.object.metadata.deletionTimestamp !== undefined)
        this.#terminating.add(current.object.metadata.name)
      return
    }
    const { namespace } = previous?.object.metadata ?? {}
    if (namespace !== undefined && this.#terminating.has(namespace)) this.#finish(namespace)
  }

  #delete(type: ResourceType, object: KubeObject): void {
    const { name } = object.metadata
    if (PROTECTED.has(name)) {
      throw new ApiError(
        'Forbidden',
        `namespaces "${name}" is forbidden: this namespace may not be deleted`,
        { name, kind: type.plural }
      )
    }
    if (object.metadata.deletionTimestamp === undefined) {
      const marked = withMeta(object, { deletionTimestamp: timestamp(this.#api.now()) })
      this.#api.store.put(type.storage, { ...marked, status: { phase: 'Terminating' } })
    }
    // Checked once at the end, not after every object.
    this.#terminating.delete(name)
    for (const resource of this.#registry.storages) this.#empty(resource, name)
    this.#finish(name)
  }

  #empty(resource: string, namespace: string): void {
    const type = this.#registry.byStorage(resource)
    if (type === undefined || !type.isNamespaced) return
    for (const { object } of this.#api.list(type, namespace)) {
      if (this.#api.store.get(resource, namespace, object.metadata.name) === undefined) continue
      this.#api.delete(type, namespace, object.metadata.name)
    }
  }

  #finish(namespace: string): void {
    const isEmpty = this.#registry.storages.every((resource) => {
      const type = this.#registry.byStorage(resource)
      return type === undefined || !type.isNamespaced || this.#api.list(type, namespace).length === 0
    })
    if (!isEmpty) {
      this.#terminating.add(namespace)
      return
    }
    this.#terminating.delete(namespace)
    const stored = this.#api.store.get('/namespaces', undefined, namespace)
    if (stored !== undefined && (stored.object.metadata.finalizers ?? []).length === 0)
      this.#api.store.remove('/namespaces', undefined, namespace)
  }
}
