import { type Api, type ApiHooks, type DeleteOptions } from './api.ts'
import { stringAt } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { type Registry } from './registry.ts'
import { type StoreChange } from './store.ts'

interface Dependent {
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string
}

/** Deletes what belongs to a deleted object (`metadata.ownerReferences`), at once. */
export class GarbageCollector {
  readonly #api: Api
  readonly #registry: Registry
  /** Keys of dependents by the uid of an owner. */
  readonly #dependents = new Map<string, Map<string, Dependent>>()
  /** Objects whose dependents are to be left behind. */
  readonly #orphaning = new Set<string>()

  readonly hooks: ApiHooks = {
    deleting: (_type, object, options) => {
      this.#noteOrphans(object, options)
      return false
    }
  }

  constructor({ api, registry }: { readonly api: Api; readonly registry: Registry }) {
    this.#api = api
    this.#registry = registry
    api.store.observe(
      (change) => this.#observe(change),
      () => this.#reset()
    )
  }

  #reset(): void {
    this.#dependents.clear()
    this.#orphaning.clear()
  }

  #observe({ resource, current, previous }: StoreChange): void {
    if (previous !== undefined) this.#index(resource, previous.object, 'forget')
    if (current !== undefined) this.#index(resource, current.object, 'note')
    else if (previous !== undefined) this.#ownerGone(previous.object)
  }

  #noteOrphans(object: KubeObject, options: DeleteOptions): void {
    const { uid } = object.metadata
    if (options.propagationPolicy === 'Orphan' && uid !== undefined && this.#dependents.has(uid))
      this.#orphaning.add(uid)
  }

  #index(resource: string, object: KubeObject, what: 'note' | 'forget'): void {
    const { namespace, name, ownerReferences } = object.metadata
    if (ownerReferences === undefined) return
    const key = `${resource} ${namespace ?? ''}/${name}`
    for (const owner of ownerReferences) {
      const uid = stringAt(owner, 'uid') ?? ''
      const known = this.#dependents.get(uid) ?? new Map<string, Dependent>()
      if (what === 'note') known.set(key, { resource, namespace, name })
      else known.delete(key)
      if (known.size === 0) this.#dependents.delete(uid)
      else this.#dependents.set(uid, known)
    }
  }

  #ownerGone(owner: KubeObject): void {
    const uid = owner.metadata.uid ?? ''
    const dependents = this.#dependents.get(uid)
    const isOrphaning = this.#orphaning.delete(uid)
    if (dependents === undefined) return
    for (const dependent of [...dependents.values()]) this.#release(dependent, uid, isOrphaning)
  }

  /** An object goes with its last owner; until then, and when it is orphaned, it loses the reference. */
  #release({ resource, namespace, name }: Dependent, uid: string, isOrphaning: boolean): void {
    const type = this.#registry.byStorage(resource)
    const stored = this.#api.store.get(resource, namespace, name)
    if (type === undefined || stored === undefined) return
    const others = (stored.object.metadata.ownerReferences ?? []).filter(
      (owner) => stringAt(owner, 'uid') !== uid
    )
    if (others.length === 0 && !isOrphaning) {
      this.#api.delete(type, namespace, name)
      return
    }
    const ownerReferences = others.length === 0 ? undefined : others
    this.#api.store.put(resource, withMeta(stored.object, { ownerReferences }))
  }
}
