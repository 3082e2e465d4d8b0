import { readFile } from 'node:fs/promises'

/** A request that the API server was asked, as its audit log tells. */
export interface AuditedRequest {
  readonly atMs: number
  readonly user: string
  /** Names the token that the request came with, by its `jti` claim; empty where it has none. */
  readonly tokenId: string
  readonly verb: string
  /** Plural, with a sub-resource after a slash. */
  readonly resource: string
  /** Empty for what is in none, or asks for many. */
  readonly namespace: string
  readonly name: string
  /** HTTP status of the answer; `undefined`: there was none yet. */
  readonly status: number | undefined
}

const TOKEN_ID_FIELD = 'authentication.kubernetes.io/credential-id'
const TOKEN_ID_PREFIX = 'JTI='

/** Requests that arrived at or after `sinceMs`, a time as `Date.now` tells it, in the order of their arrival. */
export async function readAuditLog(file: string, sinceMs: number): Promise<readonly AuditedRequest[]> {
  const text = await readFile(file, 'utf8')
  // The last line may be half written.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const events = lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line))
  const answers = new Map(
    events
      .filter((event) => textOf(event, 'stage') !== 'RequestReceived')
      .map((event) => [textOf(event, 'auditID'), fieldOf(fieldOf(event, 'responseStatus'), 'code')])
  )
  return events
    .filter((event) => textOf(event, 'stage') === 'RequestReceived')
    .map((event) => requestOf(event, answers.get(textOf(event, 'auditID'))))
    .filter(({ atMs }) => atMs >= sinceMs)
}

function requestOf(event: unknown, code: unknown): AuditedRequest {
  const reference = fieldOf(event, 'objectRef')
  const user = fieldOf(event, 'user')
  const subresource = textOf(reference, 'subresource')
  const resource = textOf(reference, 'resource') || textOf(event, 'requestURI')
  return {
    atMs: Date.parse(textOf(event, 'requestReceivedTimestamp')),
    user: textOf(user, 'username'),
    tokenId: tokenIdOf(fieldOf(fieldOf(user, 'extra'), TOKEN_ID_FIELD)),
    verb: textOf(event, 'verb'),
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace: textOf(reference, 'namespace'),
    name: textOf(reference, 'name'),
    status: typeof code === 'number' ? code : undefined
  }
}

function tokenIdOf(values: unknown): string {
  const value: unknown = Array.isArray(values) ? values[0] : undefined
  return typeof value === 'string' && value.startsWith(TOKEN_ID_PREFIX)
    ? value.slice(TOKEN_ID_PREFIX.length)
    : ''
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
}

function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name)
  return typeof text === 'string' ? text : ''
}
