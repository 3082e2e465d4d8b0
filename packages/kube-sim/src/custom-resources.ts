import { type Api, type ApiHooks } from './api.ts'
import { ApiError } from './api-error.ts'
import { type CustomDefinition, defaultDefinition, readDefinition } from './crd-definition.ts'
import { definitionStatus, isEstablished, terminatingStatus } from './crd-status.ts'
import { validateDefinition, validateDefinitionUpdate } from './crd-validation.ts'
import { createCustomStrategy } from './custom-strategy.ts'
import { compareVersions } from './discovery.ts'
import { isEqual } from './json.ts'
import { type KubeObject, withMeta } from './kube-object.ts'
import { printerColumns } from './printer-columns.ts'
import { type Registry } from './registry.ts'
import { defineResource, type ResourceType, type Strategy, type WriteContext } from './resource-type.ts'
import { type StoreChange } from './store.ts'
import { timestamp } from './write-rules.ts'

const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions'
/** Keeps a definition until its objects are gone. */
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

/** Serves the resources that CustomResourceDefinitions define, for as long as these exist. */
export class CustomResources {
  readonly #api: Api
  readonly #registry: Registry
  /** What is served for each definition, by its name. */
  readonly #served = new Map<string, readonly ResourceType[]>()
  /** Names of definitions that wait for the last of their objects, by the storage of these. */
  readonly #terminating = new Map<string, string>()

  readonly strategy: Strategy = {
    create: (crd, context) => this.#admit(crd, undefined, context),
    update: (crd, old, context) => this.#admit(crd, old, context)
  }

  readonly hooks: ApiHooks = {
    admit: (type) => this.#refuseWhileTerminating(type),
    deleting: (type, object) => {
      if (type.storage !== DEFINITIONS) return false
      this.#delete(type, object)
      return true
    }
  }

  constructor({ api, registry }: { readonly api: Api; readonly registry: Registry }) {
    this.#api = api
    this.#registry = registry
  }

  /** Follows a change of the store. */
  observe({ resource, current, previous }: StoreChange): void {
    if (resource !== DEFINITIONS) {
      const waiting = this.#terminating.get(resource)
      if (current === undefined && waiting !== undefined) this.#finish(waiting)
      return
    }
    if (current === undefined) {
      if (previous !== undefined) this.#end(previous.object)
      return
    }
    const isSame =
      previous !== undefined &&
      isEqual(previous.object['spec'], current.object['spec']) &&
      isEstablished(previous.object) === isEstablished(current.object)
    if (!isSame) this.#serve(current.object)
    // Also one that comes back from a file in the middle of its deletion.
    if (current.object.metadata.deletionTimestamp !== undefined)
      this.#terminating.set(storageOf(readDefinition(current.object)), current.object.metadata.name)
  }

  /** The store starts anew. */
  reset(): void {
    for (const name of [...this.#served.keys()]) this.#withdraw(name)
    this.#terminating.clear()
  }

  #admit(given: KubeObject, old: KubeObject | undefined, context: WriteContext): KubeObject {
    const crd = defaultDefinition(given)
    const problems = [
      ...validateDefinition(crd),
      ...(old === undefined ? [] : validateDefinitionUpdate(crd, old))
    ]
    if (problems.length > 0) throw ApiError.invalid(context.type, crd.metadata.name, problems)
    const definition = readDefinition(crd)
    return definitionStatus(crd, definition, context.now, this.#conflictOf(definition))
  }

  /** Names must be unique within a group. */
  #conflictOf({ name, group, names }: CustomDefinition): string | undefined {
    const mine = new Set(this.#served.get(name))
    const others = this.#registry.all.filter((type) => type.group === group && !mine.has(type))
    const taken = new Set(others.flatMap((type) => [type.plural, type.singular, ...type.shortNames]))
    const kinds = new Set(others.flatMap((type) => [type.kind, type.listKind]))
    const clash =
      [names.plural, names.singular, ...names.shortNames].find((it) => taken.has(it)) ??
      [names.kind, names.listKind].find((it) => kinds.has(it))
    return clash === undefined ? undefined : `${JSON.stringify(clash)} is already in use`
  }

  #serve(crd: KubeObject): void {
    this.#withdraw(crd.metadata.name)
    if (!isEstablished(crd)) return
    const types = resourceTypes(readDefinition(crd))
    for (const type of types) this.#registry.add(type)
    this.#served.set(crd.metadata.name, types)
  }

  #withdraw(name: string): void {
    for (const type of this.#served.get(name) ?? []) this.#registry.remove(type)
    this.#served.delete(name)
  }

  #end(crd: KubeObject): void {
    const { store } = this.#api
    const storage = storageOf(readDefinition(crd))
    this.#terminating.delete(storage)
    // None are left, unless somebody took the finalizer away.
    for (const { object } of store.list(storage))
      store.remove(storage, object.metadata.namespace, object.metadata.name)
    this.#withdraw(crd.metadata.name)
    store.dropResource(storage)
  }

  #refuseWhileTerminating(type: ResourceType): void {
    if (this.#terminating.has(type.storage))
      throw new ApiError(
        'MethodNotAllowed',
        'create not allowed while custom resource definition is terminating'
      )
  }

  #delete(type: ResourceType, crd: KubeObject): void {
    const { name, deletionTimestamp, finalizers = [] } = crd.metadata
    const [instances] = this.#served.get(name) ?? []
    if (deletionTimestamp === undefined) {
      const now = timestamp(this.#api.now())
      const marked = withMeta(crd, {
        deletionTimestamp: now,
        finalizers: [...finalizers.filter((it) => it !== CLEANUP), CLEANUP]
      })
      this.#api.store.put(type.storage, terminatingStatus(marked, now))
    }
    if (instances !== undefined) {
      for (const { object } of this.#api.list(instances, undefined)) {
        // An earlier deletion may have taken this one along, and the last one the definition.
        if (
          this.#api.store.get(instances.storage, object.metadata.namespace, object.metadata.name) ===
          undefined
        )
          continue
        this.#api.delete(instances, object.metadata.namespace, object.metadata.name)
      }
    }
    this.#finish(name)
  }

  #finish(name: string): void {
    const { store } = this.#api
    const stored = store.get(DEFINITIONS, undefined, name)
    if (stored === undefined || stored.object.metadata.deletionTimestamp === undefined) return
    if (store.count(storageOf(readDefinition(stored.object))) > 0) return
    const { finalizers = [] } = stored.object.metadata
    const others = finalizers.filter((it) => it !== CLEANUP)
    if (others.length === 0) store.remove(DEFINITIONS, undefined, name)
    else if (others.length < finalizers.length)
      store.put(DEFINITIONS, withMeta(stored.object, { finalizers: others }))
  }
}

function storageOf({ group, names }: CustomDefinition): string {
  return `${group}/${names.plural}`
}

/** The served versions of a definition, the preferred one first. */
function resourceTypes({ group, names, isNamespaced, versions }: CustomDefinition): readonly ResourceType[] {
  const served = versions
    .filter(({ isServed }) => isServed)
    .toSorted((left, right) => compareVersions(left.name, right.name))
  return served.map(({ name, schema, hasStatus, deprecationWarning, selectableFields, source }) =>
    defineResource({
      group,
      version: name,
      ...names,
      isNamespaced,
      schema,
      isCustom: true,
      hasStatus,
      hasGeneration: true,
      statusKeepsMetadata: false,
      allowsUnconditionalUpdate: false,
      deprecationWarning,
      fieldSelectors: selectableFields,
      columns: printerColumns(source),
      strategy: createCustomStrategy(schema)
    })
  )
}
