import { type ResourceName } from './api-error.ts'
import { type JsonObject } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type VersionView } from './stored-object.ts'

/** What a write knows besides the object. */
export interface WriteContext {
  readonly type: ResourceType
  /** RFC 3339, whole seconds. */
  readonly now: string
  /** `fieldValidation` of the request: what happens to unknown fields. */
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict'
  /** Collects texts for the `Warning` header. */
  readonly warn: (text: string) => void
}

/** The rules of one kind. Each returns the object to be written, or throws an `ApiError`. */
export interface Strategy {
  readonly create?: (object: KubeObject, context: WriteContext) => KubeObject
  readonly update?: (object: KubeObject, old: KubeObject, context: WriteContext) => KubeObject
  readonly updateStatus?: (object: KubeObject, old: KubeObject, context: WriteContext) => KubeObject
}

/** One column of `kubectl get`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string | undefined
  readonly description?: string | undefined
  /** 0 is always shown, others with `-o wide`. */
  readonly priority: number
  readonly cell: (object: KubeObject, now: number) => string | number | boolean | undefined
}

/** One resource in one served version. */
export interface ResourceType extends ResourceName, VersionView {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly isNamespaced: boolean
  /** Where objects are stored: `group/plural`. */
  readonly storage: string
  /** Whether there is a status sub-resource. */
  readonly hasStatus: boolean
  /** Whether `status` given at creation is kept, as for nodes. */
  readonly keepsStatusOnCreate: boolean
  /** Whether a write of the status also writes labels, annotations and the like. */
  readonly statusKeepsMetadata: boolean
  readonly hasGeneration: boolean
  /** Whether an update without a resourceVersion is accepted. */
  readonly allowsUnconditionalUpdate: boolean
  /** Whether DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean
  /** Fields for field selectors, besides name and namespace. */
  readonly fieldSelectors: readonly string[]
  /** OpenAPI schema with the `x-kubernetes-` extensions; says how lists merge. */
  readonly schema: JsonObject | undefined
  /** Whether the schema comes from a CustomResourceDefinition. */
  readonly isCustom: boolean
  readonly deprecationWarning?: string | undefined
  readonly strategy: Strategy
  readonly columns: readonly Column[]
  readonly toStorage?: ((object: KubeObject) => KubeObject) | undefined
  readonly fromStorage?: ((object: KubeObject) => KubeObject) | undefined
}

/** What is needed to define a resource; the rest has defaults. */
export type ResourceDefinition = Pick<ResourceType, 'group' | 'version' | 'plural' | 'kind'> &
  Partial<Omit<ResourceType, 'apiVersion'>>

/** Fills in what most resources have in common. */
export function defineResource(definition: ResourceDefinition): ResourceType {
  const { group, version, plural, kind } = definition
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    isNamespaced: true,
    storage: `${group}/${plural}`,
    hasStatus: false,
    keepsStatusOnCreate: false,
    statusKeepsMetadata: true,
    hasGeneration: false,
    allowsUnconditionalUpdate: true,
    returnsDeleted: false,
    fieldSelectors: [],
    schema: undefined,
    isCustom: false,
    strategy: {},
    columns: [],
    ...definition
  }
}
