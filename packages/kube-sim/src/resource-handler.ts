import { type ServerResponse } from 'node:http'
import { type Api, type WriteOptions } from './api.ts'
import { ApiError } from './api-error.ts'
import { chooseRepresentation, mediaType, type Representation } from './api-request.ts'
import { type Json, type JsonObject, parseJson } from './json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { decodeKubeObject, type KubeObject } from './kube-object.ts'
import { ListPages } from './list-pages.ts'
import { applyMergePatch } from './merge-patch.ts'
import { openWatcher } from './open-watcher.ts'
import { checkFieldManager, checkListOptions, checkWriteOptions } from './request-options.ts'
import {
  type Answer,
  bookmarkObject,
  checkListVersion,
  deleteOptions,
  given,
  includeObjectOf,
  itemJson,
  json,
  partialObject,
  type ResourceRequest,
  selectorOf,
  withName
} from './resource-request.ts'
import { applyObject } from './server-side-apply.ts'
import { type StoredObject } from './stored-object.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'
import { formatTable } from './table.ts'
import { type WatchHub } from './watch-hub.ts'

/** What the handlers work on. */
export interface ResourceHandlerParts {
  readonly api: Api
  readonly watches: WatchHub
  readonly now: () => number
}

/** Does what a request to a resource asks, except watches. */
export class ResourceHandler {
  readonly #api: Api
  readonly #watches: WatchHub
  readonly #now: () => number
  readonly pages: ListPages = new ListPages()

  constructor({ api, watches, now }: ResourceHandlerParts) {
    this.#api = api
    this.#watches = watches
    this.#now = now
  }

  /** @throws {@link ApiError} */
  handle(request: ResourceRequest): Answer {
    const { type, path } = request
    switch (request.facts.verb) {
      case 'get':
        return this.#one(request, this.#api.get(type, path.namespace, path.name ?? ''), 200)
      case 'list':
        return this.#list(request)
      case 'create':
        return this.#one(
          request,
          this.#api.create(type, path.namespace, given(request.body), this.#writeOptions(request)),
          201
        )
      case 'update':
        return this.#one(
          request,
          this.#api.update(
            type,
            path.namespace,
            path.name ?? '',
            given(request.body),
            this.#writeOptions(request)
          ),
          200
        )
      case 'patch':
        return this.#patch(request)
      case 'delete':
        return this.#delete(request)
      case 'deletecollection':
        return this.#deleteCollection(request)
      default:
        throw new ApiError(
          'MethodNotAllowed',
          'the server does not allow this method on the requested resource'
        )
    }
  }

  /** Starts a watch on a response. @throws {@link ApiError} before anything was sent. */
  watch(request: ResourceRequest, response: ServerResponse): void {
    const { type, path, query } = request
    const { store } = this.#api
    const selector = selectorOf(request)
    const wantsBookmarks = query.get('allowWatchBookmarks') === 'true'
    const sendsInitial = query.get('sendInitialEvents') === 'true'
    const version = query.get('resourceVersion') ?? ''
    checkListOptions(query)
    if (version !== '' && !/^\d+$/.test(version))
      throw ApiError.badRequest(`invalid resource version: ${version}`)
    const isFromNow = version === '' || version === '0' || sendsInitial
    const after = isFromNow ? store.revision : Number(version)
    const matches = (stored: StoredObject): boolean => {
      if (path.namespace !== undefined && stored.object.metadata.namespace !== path.namespace) return false
      if (path.name !== undefined && stored.object.metadata.name !== path.name) return false
      return selector === undefined || selector(stored.in(type))
    }
    const watcher = openWatcher(response, {
      history: store.history(type.storage),
      after,
      initial:
        isFromNow && query.get('sendInitialEvents') !== 'false'
          ? store.list(type.storage).filter(matches)
          : [],
      marksInitialEnd: sendsInitial && wantsBookmarks,
      wantsBookmarks,
      matches,
      format: this.#formatter(request),
      formatBookmark: (revision, isInitialEnd) =>
        JSON.stringify(bookmarkObject(request, revision, isInitialEnd)),
      sink: { write: (chunk) => response.write(chunk), end: () => response.end() }
    })
    if (watcher === undefined) return
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || 1800 + Math.random() * 1800
    const timeout = setTimeout(() => {
      watcher.bookmark(store.revision)
      watcher.end()
    }, Math.min(seconds, 86_400) * 1000)
    const forget = this.#watches.add({ watcher, facts: request.facts, cut: () => response.destroy() })
    response.on('drain', () => watcher.resume())
    response.on('close', () => {
      clearTimeout(timeout)
      forget()
    })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
    response.flushHeaders()
    watcher.start()
  }

  #formatter(request: ResourceRequest): (stored: StoredObject) => string {
    const { type } = request
    const representation = chooseRepresentation(request.request.headers.accept)
    if (representation === 'json') return (stored) => stored.json(type)
    if (representation === 'partial') return (stored) => JSON.stringify(partialObject(stored.in(type)))
    const includeObject = includeObjectOf(request)
    return (stored) => {
      const metadata = { resourceVersion: String(stored.revision) }
      return formatTable(type, metadata, [stored], { includeObject, nowMs: this.#now() })
    }
  }

  #list(request: ResourceRequest): Answer {
    const { type, query } = request
    const { store } = this.#api
    const limit = Number(query.get('limit') ?? 0)
    const token = query.get('continue') ?? ''
    checkListOptions(query)
    checkListVersion(query, store.revision)
    const page =
      token === ''
        ? this.pages.first(this.#select(request), store.revision, limit)
        : this.pages.next(token, limit)
    const metadata: JsonObject = {
      resourceVersion: String(page.revision),
      ...(page.next === undefined ? (type.isCustom ? { continue: '' } : {}) : { continue: page.next }),
      // How many of the rest a selector would choose is not known.
      ...(page.next === undefined || selectorOf(request) !== undefined
        ? {}
        : { remainingItemCount: page.remaining })
    }
    const representation = chooseRepresentation(request.request.headers.accept)
    if (representation === 'table') {
      const options = { includeObject: includeObjectOf(request), nowMs: this.#now() }
      return { code: 200, body: formatTable(type, metadata, page.items, options) }
    }
    if (representation === 'partial') {
      const items = page.items.map((stored) => partialObject(stored.in(type)))
      return json(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items })
    }
    const head = `{"kind":${JSON.stringify(type.listKind)},"apiVersion":${JSON.stringify(type.apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`
    return { code: 200, body: `${head}${page.items.map((stored) => itemJson(type, stored)).join(',')}]}` }
  }

  #select(request: ResourceRequest): readonly StoredObject[] {
    return this.#api.list(request.type, request.path.namespace, selectorOf(request))
  }

  #patch(request: ResourceRequest): Answer {
    const { type, path } = request
    const patch = given(request.body)
    const name = path.name ?? ''
    const options = this.#writeOptions(request)
    const change = (apply: (current: KubeObject) => Json): Answer =>
      this.#one(request, this.#api.modify(type, path.namespace, name, apply, options), 200)
    switch (mediaType(request.request)) {
      case 'application/json-patch+json':
        return change((current) => applyJsonPatch(current, patch))
      case 'application/merge-patch+json':
        return change((current) => applyMergePatch(current, patch))
      case 'application/strategic-merge-patch+json':
        if (type.isCustom) break
        return change((current) => applyStrategicMergePatch(current, patch, type.schema))
      case 'application/apply-patch+yaml':
      case 'application/apply-patch+json':
        return this.#apply(request, patch)
      default:
    }
    const allowed = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml'
    throw new ApiError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${allowed}`,
      {}
    )
  }

  #apply(request: ResourceRequest, patch: Json): Answer {
    const { type, path, query } = request
    const manager = query.get('fieldManager') ?? ''
    checkFieldManager(manager)
    const applied = withName(decodeKubeObject(patch), path)
    const { stored, isNew } = this.#api.upsert(
      type,
      path.namespace,
      path.name ?? '',
      (current, now) =>
        applyObject(type, current, applied, {
          manager,
          now,
          force: query.get('force') === 'true',
          subresource: path.subresource
        }),
      this.#writeOptions(request)
    )
    return this.#one(request, stored, isNew ? 201 : 200)
  }

  #delete(request: ResourceRequest): Answer {
    const { type, path } = request
    const { object, isGone } = this.#api.delete(type, path.namespace, path.name ?? '', deleteOptions(request))
    if (!isGone || type.returnsDeleted) return json(200, object)
    return json(200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: {
        name: object.metadata.name,
        ...(type.group === '' ? {} : { group: type.group }),
        kind: type.plural,
        uid: object.metadata.uid
      }
    })
  }

  #deleteCollection(request: ResourceRequest): Answer {
    const { type } = request
    const items = this.#select(request)
    const options = deleteOptions(request)
    for (const { object } of items) {
      // An earlier deletion may have taken this one along.
      if (this.#api.store.get(type.storage, object.metadata.namespace, object.metadata.name) === undefined)
        continue
      this.#api.delete(type, object.metadata.namespace, object.metadata.name, options)
    }
    const metadata = { resourceVersion: String(this.#api.store.revision) }
    return json(200, {
      kind: type.listKind,
      apiVersion: type.apiVersion,
      metadata,
      items: items.map((stored) => parseJson(itemJson(type, stored)))
    })
  }

  #one(request: ResourceRequest, stored: StoredObject, code: number): Answer {
    const representation: Representation = chooseRepresentation(request.request.headers.accept)
    if (representation === 'json') return { code, body: stored.json(request.type), stored }
    return { code, body: this.#formatter(request)(stored), stored }
  }

  #writeOptions({ query, path, request, warn }: ResourceRequest): WriteOptions {
    const dryRun = query.getAll('dryRun')
    checkWriteOptions(request.method ?? '', query)
    const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown'
    const validation = query.get('fieldValidation')
    if (path.subresource !== undefined && path.subresource !== 'status')
      throw new ApiError(
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource'
      )
    return {
      isDryRun: dryRun.length > 0,
      fieldManager: query.get('fieldManager') ?? agent,
      fieldValidation: validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn',
      subresource: path.subresource === 'status' ? 'status' : undefined,
      warn
    }
  }
}
