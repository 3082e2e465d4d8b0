import { type JsonObject } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/** How a stored object is shown in one served version. */
export interface VersionView {
  readonly apiVersion: string
  readonly kind: string
  /** Present when the version differs by more than its name. */
  readonly fromStorage?: ((object: KubeObject) => KubeObject) | undefined
}

/** One state of one object. Its JSON text is made once, however many clients read it. */
export class StoredObject {
  readonly key: string
  readonly object: KubeObject
  /** The value of the server's counter when this state was written. */
  readonly revision: number
  #body: string | undefined
  #converted: Map<string, string> | undefined

  constructor(key: string, object: KubeObject, revision: number) {
    this.key = key
    this.object = object
    this.revision = revision
  }

  /** The object in a served version. */
  in(view: VersionView): KubeObject {
    const object = view.fromStorage === undefined ? this.object : view.fromStorage(this.object)
    if (object.apiVersion === view.apiVersion) return object
    return { ...object, apiVersion: view.apiVersion, kind: view.kind }
  }

  /** JSON text in a served version. */
  json(view: VersionView): string {
    const head = `{"kind":${JSON.stringify(view.kind)},"apiVersion":${JSON.stringify(view.apiVersion)},`
    return head + this.#bodyIn(view)
  }

  /** JSON text in a served version, without `apiVersion` and `kind`. */
  jsonWithoutType(view: VersionView): string {
    return `{${this.#bodyIn(view)}`
  }

  #bodyIn(view: VersionView): string {
    if (view.fromStorage === undefined) {
      this.#body ??= encodeBody(this.object)
      return this.#body
    }
    this.#converted ??= new Map()
    const key = view.apiVersion
    let body = this.#converted.get(key)
    if (body === undefined) {
      body = encodeBody(view.fromStorage(this.object))
      this.#converted.set(key, body)
    }
    return body
  }
}

/** All but `apiVersion` and `kind`, without the opening brace: the part that served versions share. */
function encodeBody(object: JsonObject): string {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object
  return JSON.stringify({ metadata, ...rest }).slice(1)
}
