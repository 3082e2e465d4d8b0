import { type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { handleAdmin } from './admin.ts'
import { ApiError } from './api-error.ts'
import { parseRequestPath, type RequestPath, readBody } from './api-request.ts'
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList } from './discovery.ts'
import { faultError } from './fault-error.ts'
import { type FaultAction, type Faults, type RequestFacts } from './faults.ts'
import { sendError, sendJson } from './http-server.ts'
import { type Json, type JsonObject, numberAt, objectAt } from './json.ts'
import { openApiV2, openApiV2Protobuf } from './openapi-v2.ts'
import { openApiV3Group, openApiV3Index } from './openapi-v3.ts'
import { type Registry } from './registry.ts'
import { factsOf } from './request-facts.ts'
import { type ResourceHandler } from './resource-handler.ts'
import { type ResourceRequest } from './resource-request.ts'
import { answerReview } from './reviews.ts'
import { type TokenOwner, type Tokens } from './tokens.ts'
import { type ValidatingWebhooks } from './validating-webhooks.ts'

/** What requests are answered from. */
export interface RequestHandlerParts {
  readonly registry: Registry
  readonly resources: ResourceHandler
  readonly tokens: Tokens
  readonly faults: Faults
  readonly webhooks: ValidatingWebhooks
  readonly url: () => string
  /** Answers are not kept waiting longer than this life. */
  readonly signal: AbortSignal
}

const BODY_LIMIT_BYTES = 3 * 1024 * 1024
/** Kubernetes says at most this much in `Warning` headers. */
const WARNING_LIMIT_BYTES = 4096
const VERSION: JsonObject = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0+kube-sim',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'go',
  compiler: 'gc',
  platform: 'linux/amd64'
}

/** Answers one HTTP request: health, discovery, resources, faults. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      sendError(response, error)
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://kube-sim')
    const path = url.pathname.replaceAll(/\/{2,}/g, '/')
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok')
      return
    }
    if (path === '/version') return sendJson(response, 200, JSON.stringify(VERSION))
    const token = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (path.startsWith('/kube-sim/')) {
      if (!this.#parts.tokens.isKnown(token)) throw unauthorized()
      const answer = await handleAdmin(request, path, this.#parts)
      return sendJson(response, 200, JSON.stringify(answer))
    }
    const target = parseRequestPath(path)
    const facts = factsOf(request, target, url.searchParams, path)
    const fault = this.#parts.faults.take(facts)
    if (fault !== undefined && !(await this.#endure(fault, facts, response))) return
    const caller = this.#parts.tokens.ownerOf(token)
    if (caller === undefined) throw unauthorized()
    if (target === undefined) return this.#discover(request, response, path)
    await this.#resource({
      request,
      response,
      target,
      query: url.searchParams,
      facts,
      caller,
      losesAnswer: fault?.type === 'loseAnswer'
    })
  }

  /** @returns whether the request goes on. */
  async #endure(fault: FaultAction, facts: RequestFacts, response: ServerResponse): Promise<boolean> {
    switch (fault.type) {
      case 'status': {
        const error = faultError(fault.code, fault.retryAfterSeconds, facts)
        if (fault.inStream !== true || facts.verb !== 'watch') throw error
        response.writeHead(200, { 'Content-Type': 'application/json' })
        response.end(`{"type":"ERROR","object":${JSON.stringify(error.toStatus())}}\n`)
        return false
      }
      case 'delay':
        await delay(fault.ms, undefined, { signal: this.#parts.signal }).catch(() => response.destroy())
        return !response.destroyed
      case 'hang':
        return false
      case 'reset':
        response.destroy()
        return false
      case 'loseAnswer':
        return true
    }
  }

  async #resource(given: {
    readonly request: IncomingMessage
    readonly response: ServerResponse
    readonly target: RequestPath
    readonly query: URLSearchParams
    readonly facts: RequestFacts
    readonly caller: TokenOwner
    readonly losesAnswer: boolean
  }): Promise<void> {
    const { request, response, target, query, facts, caller } = given
    const body =
      request.method === 'GET' || request.method === 'HEAD'
        ? undefined
        : await readBody(request, BODY_LIMIT_BYTES)
    const called = this.#call(target, body, request, caller)
    if (called !== undefined) return sendJson(response, 201, JSON.stringify(called))
    const type = this.#parts.registry.get(target.group, target.version, target.plural)
    if (
      type === undefined ||
      (target.subresource !== undefined && !isServed(target.subresource, type.hasStatus))
    ) {
      throw new ApiError('NotFound', 'the server could not find the requested resource', {})
    }
    if (target.namespace !== undefined && !type.isNamespaced)
      throw new ApiError('NotFound', 'the server could not find the requested resource', {})
    const warnings: string[] = []
    const warn = (text: string): void => {
      if (warnings.join().length < WARNING_LIMIT_BYTES && !warnings.includes(text)) warnings.push(text)
    }
    if (type.deprecationWarning !== undefined) warn(type.deprecationWarning)
    const resourceRequest: ResourceRequest = { type, path: target, query, body, request, facts, warn }
    if (facts.verb === 'watch') {
      setWarnings(response, warnings)
      return this.#parts.resources.watch(resourceRequest, response)
    }
    await this.#parts.webhooks.review(resourceRequest, caller)
    const answer = this.#parts.resources.handle(resourceRequest)
    if (given.losesAnswer) {
      response.destroy()
      return
    }
    setWarnings(response, warnings)
    sendJson(response, answer.code, answer.body)
  }

  /** Reviews, and tokens for service accounts. */
  #call(
    target: RequestPath,
    body: Json | undefined,
    request: IncomingMessage,
    caller: TokenOwner
  ): JsonObject | undefined {
    if (request.method !== 'POST') return undefined
    const { tokens } = this.#parts
    if (target.plural === 'serviceaccounts' && target.subresource === 'token') {
      const username = `system:serviceaccount:${target.namespace ?? 'default'}:${target.name ?? 'default'}`
      return tokenRequest(body ?? {}, username, tokens)
    }
    if (target.group !== 'authentication.k8s.io' && target.group !== 'authorization.k8s.io') return undefined
    return answerReview(target.plural, body ?? {}, tokens, caller)
  }

  #discover(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { registry } = this.#parts
    const accept = request.headers.accept ?? ''
    const steps = path.split('/').filter((step) => step !== '')
    const [root, group, version] = steps
    if ((path === '/api' || path === '/apis') && accept.includes('as=APIGroupDiscoveryList')) {
      const wanted =
        accept.includes('v=v2;') || accept.endsWith('v=v2') || accept.includes('v=v2,') ? 'v2' : 'v2beta1'
      const body = JSON.stringify(aggregatedDiscovery(registry, path === '/api' ? 'api' : 'apis', wanted))
      response
        .writeHead(200, {
          'Content-Type': `application/json;g=apidiscovery.k8s.io;v=${wanted};as=APIGroupDiscoveryList`
        })
        .end(body)
      return
    }
    if (path === '/openapi/v2' && accept.includes('com.github.proto-openapi.spec.v2')) {
      response
        .writeHead(200, { 'Content-Type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' })
        .end(openApiV2Protobuf())
      return
    }
    const found = this.#discovered({ path, root, group, version })
    if (found === undefined)
      throw new ApiError('NotFound', 'the server could not find the requested resource', {})
    sendJson(response, 200, JSON.stringify(found))
  }

  #discovered({
    path,
    root,
    group,
    version
  }: {
    readonly path: string
    readonly root: string | undefined
    readonly group: string | undefined
    readonly version: string | undefined
  }): JsonObject | undefined {
    const { registry, url } = this.#parts
    if (path === '/')
      return {
        paths: [
          '/api',
          '/api/v1',
          '/apis',
          '/healthz',
          '/livez',
          '/openapi/v2',
          '/openapi/v3',
          '/readyz',
          '/version'
        ]
      }
    if (path === '/api') {
      const serverAddress = url().replace('https://', '')
      return {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }]
      }
    }
    if (path === '/apis') return apiGroupList(registry)
    if (path === '/openapi/v2') return openApiV2(registry)
    if (path === '/openapi/v3') return openApiV3Index(registry)
    if (path.startsWith('/openapi/v3/')) return openApiV3Group(registry, path.slice('/openapi/v3/'.length))
    if (root === 'api' && version === undefined)
      return group === undefined ? undefined : apiResourceList(registry, group)
    if (root !== 'apis' || group === undefined) return undefined
    return version === undefined
      ? apiGroup(registry, group)
      : apiResourceList(registry, `${group}/${version}`)
  }
}

function isServed(subresource: string, hasStatus: boolean): boolean {
  return subresource === 'status' && hasStatus
}

function unauthorized(): ApiError {
  return new ApiError('Unauthorized', 'Unauthorized')
}

function setWarnings(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return
  response.setHeader(
    'Warning',
    warnings.map(
      (text) => `299 - "${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll(/[^\x20-\x7E]/g, ' ')}"`
    )
  )
}

function tokenRequest(body: Json, username: string, tokens: Tokens): JsonObject {
  const spec = objectAt(body, 'spec') ?? {}
  const wanted = numberAt(spec, 'expirationSeconds') ?? 3600
  const seconds = Math.max(wanted, 1)
  const token = tokens.create(username, { ttlMs: seconds * 1000 })
  const expirationTimestamp = `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec,
    status: { token, expirationTimestamp }
  }
}
