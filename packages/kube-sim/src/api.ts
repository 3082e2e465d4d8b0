import { ApiError, type FieldProblem } from './api-error.ts'
import { type Json } from './json.ts'
import { type KubeObject, objectKey, withMeta } from './kube-object.ts'
import { trackUpdate } from './managed-fields.ts'
import { newFinalizerProblems, validateMetadata, validateName } from './metadata-rules.ts'
import { type ResourceType, type WriteContext } from './resource-type.ts'
import { type Selector } from './selectors.ts'
import { type Store } from './store.ts'
import { StoredObject } from './stored-object.ts'
import {
  changesGeneration,
  checkVersion,
  isUnchanged,
  keepSystemMeta,
  mainWrite,
  statusWrite,
  timestamp
} from './write-rules.ts'
import { decodeWritten, prepareNew } from './written-object.ts'

/** Options of a write. */
export interface WriteOptions {
  readonly isDryRun?: boolean | undefined
  readonly fieldManager?: string | undefined
  readonly fieldValidation?: WriteContext['fieldValidation'] | undefined
  readonly warn?: ((text: string) => void) | undefined
  /** `status` writes the status sub-resource. */
  readonly subresource?: 'status' | undefined
}

/** Options of a deletion. */
export interface DeleteOptions {
  readonly isDryRun?: boolean | undefined
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined
}

/** What became of a deletion: gone, or waiting for finalizers. */
export interface DeleteResult {
  readonly object: KubeObject
  readonly isGone: boolean
}

/** Changes the current object of a read-modify-write, in the served version. */
export type Change = (current: KubeObject) => Json

/** The parts of the API's behaviour that other rules hang on to. */
export interface ApiHooks {
  /** Called before a new object is admitted. */
  readonly admit?: (type: ResourceType, object: KubeObject) => void
  /** Called when an object is to be deleted; `true` when the hook does the deletion itself. */
  readonly deleting?: (type: ResourceType, object: KubeObject, options: DeleteOptions) => boolean
}

/** Create, read, update and delete with the semantics of a Kubernetes API server, without HTTP. */
export class Api {
  readonly store: Store
  readonly #now: () => number
  readonly #hooks: ApiHooks[] = []

  constructor(store: Store, now: () => number) {
    this.store = store
    this.#now = now
  }

  /** The clock: milliseconds since 1970. */
  now(): number {
    return this.#now()
  }

  use(hooks: ApiHooks): void {
    this.#hooks.push(hooks)
  }

  /** @throws ApiError NotFound */
  get(type: ResourceType, namespace: string | undefined, name: string): StoredObject {
    const stored = this.store.get(type.storage, namespace, name)
    if (stored === undefined) throw ApiError.notFound(type, name)
    return stored
  }

  /** The objects of a resource now, by key. */
  list(type: ResourceType, namespace: string | undefined, selector?: Selector): readonly StoredObject[] {
    const all = this.store.list(type.storage)
    if (namespace === undefined && selector === undefined) return all
    return all.filter((stored) => selects(type, stored, namespace, selector))
  }

  /**
   * Creates an object.
   *
   * @param namespace of the request's path; must not contradict the object.
   */
  create(
    type: ResourceType,
    namespace: string | undefined,
    body: Json,
    options: WriteOptions = {}
  ): StoredObject {
    const given = decodeWritten(type, body, namespace, undefined)
    if ((given.metadata.resourceVersion ?? '') !== '') {
      throw ApiError.badRequest('resourceVersion should not be set on objects to be created')
    }
    let object = prepareNew(type, given, timestamp(this.#now()))
    this.#checkName(type, object)
    for (const hook of this.#hooks) hook.admit?.(type, object)
    const context = this.#context(type, options)
    object = type.strategy.create?.(object, context) ?? object
    if (this.store.get(type.storage, object.metadata.namespace, object.metadata.name) !== undefined) {
      throw ApiError.alreadyExists(type, object.metadata.name)
    }
    object = trackUpdate(type, undefined, object, { manager: options.fieldManager, now: context.now })
    return this.#commit(type, object, options)
  }

  /** Replaces an object (PUT), or its status. */
  update(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    body: Json,
    options: WriteOptions = {}
  ): StoredObject {
    const old = this.get(type, namespace, name)
    const wanted = decodeWritten(type, body, namespace, name)
    return this.#write(type, old, wanted, options)
  }

  /** Reads, changes and writes an object in one step. Checks the resourceVersion only when the change sets one. */
  modify(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    change: Change,
    options: WriteOptions = {}
  ): StoredObject {
    const old = this.get(type, namespace, name)
    const changed = change(old.in(type))
    const wanted = decodeWritten(type, changed, namespace, name)
    return this.#write(type, old, wanted, options)
  }

  /** Creates or changes an object in one step, for server-side apply. `change` gets `undefined` for a new one. */
  upsert(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    change: (current: KubeObject | undefined, now: string) => KubeObject,
    options: WriteOptions = {}
  ): { readonly stored: StoredObject; readonly isNew: boolean } {
    const old = this.store.get(type.storage, namespace, name)
    const now = timestamp(this.#now())
    if (old !== undefined) {
      const changed = change(old.in(type), now)
      const wanted = decodeWritten(type, changed, namespace, name)
      return { stored: this.#write(type, old, wanted, options, 'applied'), isNew: false }
    }
    if (options.subresource !== undefined) throw ApiError.notFound(type, name)
    const fresh = decodeWritten(type, change(undefined, now), namespace, name)
    let object = prepareNew(type, fresh, now)
    this.#checkName(type, object)
    for (const hook of this.#hooks) hook.admit?.(type, object)
    object = type.strategy.create?.(object, this.#context(type, options)) ?? object
    object = withMeta(object, { managedFields: fresh.metadata.managedFields })
    return { stored: this.#commit(type, object, options), isNew: true }
  }

  /** Deletes an object, or marks it for deletion while it has finalizers. */
  delete(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {}
  ): DeleteResult {
    const stored = this.get(type, namespace, name)
    const { object } = stored
    if (options.uid !== undefined && options.uid !== object.metadata.uid) {
      const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`
      throw ApiError.conflict({ ...type, plural: type.kind }, name, why)
    }
    const version = object.metadata.resourceVersion
    if (options.resourceVersion !== undefined && options.resourceVersion !== version) {
      const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`
      throw ApiError.conflict({ ...type, plural: type.kind }, name, why)
    }
    if (options.isDryRun === true) return { object: stored.in(type), isGone: true }
    for (const hook of this.#hooks) {
      if (hook.deleting?.(type, object, options) === true) {
        const left = this.store.get(type.storage, namespace, name)
        return { object: (left ?? stored).in(type), isGone: left === undefined }
      }
    }
    if ((object.metadata.finalizers ?? []).length > 0) {
      if (object.metadata.deletionTimestamp !== undefined) return { object: stored.in(type), isGone: false }
      const marked = withMeta(object, {
        deletionTimestamp: timestamp(this.#now()),
        deletionGracePeriodSeconds: 0,
        ...(type.hasGeneration ? { generation: (object.metadata.generation ?? 0) + 1 } : {})
      })
      return { object: this.store.put(type.storage, marked).in(type), isGone: false }
    }
    const last = this.store.remove(type.storage, namespace, name)
    return { object: (last ?? stored).in(type), isGone: true }
  }

  #write(
    type: ResourceType,
    old: StoredObject,
    wanted: KubeObject,
    options: WriteOptions,
    how?: 'applied'
  ): StoredObject {
    const context = this.#context(type, options)
    const { object: current } = old
    checkVersion(type, current, wanted, options.subresource)
    const given = keepSystemMeta(wanted, current)
    const isStatus = options.subresource === 'status'
    let object = isStatus ? statusWrite(type, given, current) : mainWrite(type, given, current)
    const rules = isStatus ? type.strategy.updateStatus : type.strategy.update
    object = rules?.(object, current, context) ?? object
    const problems = [...validateMetadata(object), ...newFinalizerProblems(object, current)]
    if (problems.length > 0) throw ApiError.invalid(type, object.metadata.name, problems)
    if (!isStatus && type.hasGeneration && changesGeneration(type, current, object)) {
      object = withMeta(object, { generation: (current.metadata.generation ?? 0) + 1 })
    }
    if (how !== 'applied') {
      if (given.metadata.managedFields === undefined && current.metadata.managedFields !== undefined) {
        object = withMeta(object, { managedFields: current.metadata.managedFields })
      }
      object = trackUpdate(type, current, object, {
        manager: options.fieldManager,
        now: context.now,
        subresource: options.subresource
      })
    } else {
      object = withMeta(object, { managedFields: given.metadata.managedFields })
    }
    if (isUnchanged(current, object)) return old
    if (object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0) {
      return this.#finish(type, object, options)
    }
    return this.#commit(type, object, options)
  }

  /** The last finalizer is gone: so is the object. Watches see its last stored state, the writer what it wrote. */
  #finish(type: ResourceType, object: KubeObject, options: WriteOptions): StoredObject {
    const { namespace, name } = object.metadata
    if (options.isDryRun !== true) this.store.remove(type.storage, namespace, name)
    return new StoredObject(objectKey(namespace, name), object, 0)
  }

  #checkName(type: ResourceType, object: KubeObject): void {
    const problems: FieldProblem[] = [
      ...validateName(type, object.metadata.name),
      ...validateMetadata(object)
    ]
    if (problems.length > 0) throw ApiError.invalid(type, object.metadata.name, problems)
  }

  #commit(type: ResourceType, object: KubeObject, options: WriteOptions): StoredObject {
    if (options.isDryRun !== true) return this.store.put(type.storage, object)
    return new StoredObject(objectKey(object.metadata.namespace, object.metadata.name), object, 0)
  }

  #context(type: ResourceType, options: WriteOptions): WriteContext {
    return {
      type,
      now: timestamp(this.#now()),
      fieldValidation: options.fieldValidation ?? 'Warn',
      warn: options.warn ?? (() => {})
    }
  }
}

function selects(
  type: ResourceType,
  stored: StoredObject,
  namespace: string | undefined,
  selector: Selector | undefined
): boolean {
  if (namespace !== undefined && stored.object.metadata.namespace !== namespace) return false
  return selector === undefined || selector(stored.in(type))
}
