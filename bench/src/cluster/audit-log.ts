import { readFile } from 'node:fs/promises'

/** A request that the API server was asked, as its audit log tells. */
export interface AuditedRequest {
  readonly atMs: number
  readonly user: string
  readonly verb: string
  /** Plural, with a sub-resource after a slash. */
  readonly resource: string
}

/** Requests that arrived at or after `sinceMs`, a time as `Date.now` tells it. */
export async function readAuditLog(file: string, sinceMs: number): Promise<readonly AuditedRequest[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map(parseLine).filter(({ atMs }) => atMs >= sinceMs)
}

function parseLine(line: string): AuditedRequest {
  const event: unknown = JSON.parse(line)
  const reference = fieldOf(event, 'objectRef')
  const subresource = textOf(reference, 'subresource')
  const resource = textOf(reference, 'resource') || textOf(event, 'requestURI')
  return {
    atMs: Date.parse(textOf(event, 'requestReceivedTimestamp')),
    user: textOf(fieldOf(event, 'user'), 'username'),
    verb: textOf(event, 'verb'),
    resource: subresource === '' ? resource : `${resource}/${subresource}`
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
}

function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name)
  return typeof text === 'string' ? text : ''
}
