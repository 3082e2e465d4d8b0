import { type ResourceType } from './resource-type.ts'

/** The resources that are served, built in and defined at run time. */
export class Registry {
  readonly #types = new Map<string, ResourceType>()

  /** Changes whenever a resource is added or removed. */
  generation = 0

  get(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#types.get(`${group}/${version}/${plural}`)
  }

  /** In the order of their registration. */
  get all(): readonly ResourceType[] {
    return [...this.#types.values()]
  }

  add(type: ResourceType): void {
    this.#types.set(`${type.group}/${type.version}/${type.plural}`, type)
    this.generation++
  }

  remove(type: ResourceType): void {
    this.#types.delete(`${type.group}/${type.version}/${type.plural}`)
    this.generation++
  }

  /** One served version of whatever is stored there; the first registered is the preferred one. */
  byStorage(storage: string): ResourceType | undefined {
    return this.all.find((type) => type.storage === storage)
  }

  /** Every place where objects are stored, once. */
  get storages(): readonly string[] {
    return [...new Set(this.all.map((type) => type.storage))]
  }

  byKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.all.find((type) => type.apiVersion === apiVersion && type.kind === kind)
  }
}
