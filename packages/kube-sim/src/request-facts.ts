import { type IncomingMessage } from 'node:http'
import { type RequestPath } from './api-request.ts'
import { type RequestFacts, type Verb } from './faults.ts'

const VERBS: Readonly<Record<string, Verb>> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

/** What the faults may ask about a request. */
export function factsOf(
  request: IncomingMessage,
  target: RequestPath | undefined,
  query: URLSearchParams,
  path: string
): RequestFacts {
  return {
    verb: target === undefined ? undefined : verbOf(request.method ?? 'GET', target, query),
    group: target?.group,
    resource: target?.plural,
    subresource: target?.subresource,
    namespace: target?.namespace,
    name: target?.name,
    userAgent: request.headers['user-agent'] ?? '',
    path
  }
}

function verbOf(method: string, target: RequestPath, query: URLSearchParams): Verb | undefined {
  if (method === 'GET' || method === 'HEAD') {
    const watch = query.get('watch')
    if (watch === 'true' || watch === '1') return 'watch'
    return target.name === undefined ? 'list' : 'get'
  }
  if (method === 'DELETE') return target.name === undefined ? 'deletecollection' : 'delete'
  const verb = VERBS[method]
  // POST goes to collections, PUT and PATCH go to objects.
  return (verb === 'create') === (target.name === undefined) ? verb : undefined
}
