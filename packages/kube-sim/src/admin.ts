import { type IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'
import { readBody } from './api-request.ts'
import { type FaultAction, type FaultMatch, type Faults, type Verb } from './faults.ts'
import { isObject, type Json, type JsonObject, numberAt, objectAt, stringAt, stringsAt } from './json.ts'
import { type Tokens } from './tokens.ts'

/** What the admin endpoint works on. */
export interface AdminParts {
  readonly faults: Faults
  readonly tokens: Tokens
}

const CODES = [400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504] as const
const VERBS: readonly Verb[] = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection'
]

/**
 * Answers `/kube-sim/…`: faults and tokens for clients in other processes.
 *
 * - `GET /kube-sim/faults` lists the rules, `POST` adds one (`{match?, action, times?}`) or acts at once (`{"do":
 *   "cutWatches" | "silenceWatches" | "failWatches" | "compact" | "expireTokens" | "renewTokens", match?, token?}`),
 *   `DELETE /kube-sim/faults[/ID]` removes one or all.
 * - `POST /kube-sim/tokens` makes a token: `{username, ttlSeconds?}`.
 */
export async function handleAdmin(
  request: IncomingMessage,
  path: string,
  parts: AdminParts
): Promise<JsonObject> {
  const [, , topic, id] = path.split('/')
  const { faults, tokens } = parts
  const body = await readBody(request, 65_536)
  switch (`${request.method} ${topic}`) {
    case 'GET faults':
      return { faults: faults.list().map((fault) => plain(fault)) }
    case 'DELETE faults':
      if (id === undefined || id === '') faults.clear()
      else if (!faults.remove(id)) throw new ApiError('NotFound', `there is no fault ${id}`)
      return {}
    case 'POST faults':
      return postFault(body, faults)
    case 'POST tokens': {
      const seconds = numberAt(body, 'ttlSeconds')
      const ttlMs = seconds === undefined ? undefined : seconds * 1000
      return { token: tokens.create(stringAt(body, 'username') ?? 'kube-sim', { ttlMs }) }
    }
    default:
      throw new ApiError('NotFound', 'not a path of the admin endpoint')
  }
}

function postFault(body: Json | undefined, faults: Faults): JsonObject {
  if (!isObject(body)) throw ApiError.badRequest('a fault is an object')
  const match = decodeMatch(objectAt(body, 'match') ?? {})
  switch (stringAt(body, 'do')) {
    case undefined:
      return {
        id: faults.add({
          match,
          action: decodeAction(objectAt(body, 'action') ?? {}),
          times: numberAt(body, 'times')
        })
      }
    case 'cutWatches':
      return { count: faults.cutWatches(match) }
    case 'silenceWatches':
      return { count: faults.silenceWatches(match) }
    case 'failWatches':
      return { count: faults.failWatches(match) }
    case 'compact':
      faults.compact()
      return {}
    case 'expireTokens':
      faults.expireTokens(stringAt(body, 'token'))
      return {}
    case 'renewTokens':
      faults.renewTokens(stringAt(body, 'token'))
      return {}
    default:
      throw ApiError.badRequest(`"do" is not known: ${stringAt(body, 'do')}`)
  }
}

function decodeMatch(match: JsonObject): FaultMatch {
  const verbs = stringsAt(match, 'verbs').map(decodeVerb)
  return {
    verbs: verbs.length === 0 ? undefined : verbs,
    group: stringAt(match, 'group'),
    resource: stringAt(match, 'resource'),
    subresource: stringAt(match, 'subresource'),
    namespace: stringAt(match, 'namespace'),
    name: stringAt(match, 'name'),
    userAgent: stringAt(match, 'userAgent')
  }
}

function decodeVerb(text: string): Verb {
  const found = VERBS.find((verb) => verb === text)
  if (found === undefined) throw ApiError.badRequest(`not a verb: ${JSON.stringify(text)}`)
  return found
}

function decodeAction(action: JsonObject): FaultAction {
  const type = stringAt(action, 'type')
  if (type === 'hang' || type === 'reset' || type === 'loseAnswer') return { type }
  if (type === 'delay') return { type, ms: Math.max(0, numberAt(action, 'ms') ?? 0) }
  const code = CODES.find((known) => known === numberAt(action, 'code'))
  if (type !== 'status' || code === undefined)
    throw ApiError.badRequest(`not an action: ${JSON.stringify(action)}`)
  return {
    type,
    code,
    retryAfterSeconds: numberAt(action, 'retryAfterSeconds'),
    inStream: action['inStream'] === true
  }
}

function plain(fault: ReturnType<Faults['list']>[number]): JsonObject {
  const { match, action, times, id, hits } = fault
  return { id, hits, times, match: { ...match }, action: { ...action } }
}
