import type { IncomingHttpHeaders } from 'node:http'
import { KubeApiError } from './errors.ts'
import { http } from './node-http.ts'
import { isRecord } from './object.ts'

/** Longest wait that a server can impose. */
const MAX_RETRY_AFTER_MS = 120_000

/** The error that a response with a status of 400 or more means. Its body should be a Status object; proxies send others. */
export function apiErrorOf(
  response: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
  subject: string
): KubeApiError {
  let body: unknown
  try {
    body = JSON.parse(response.text)
  } catch {
    body = undefined
  }
  const fromBody = isRecord(body) && body['kind'] === 'Status' ? body : {}
  const { reason, message, details } = fromBody
  return new KubeApiError({
    status: response.status,
    reason: typeof reason === 'string' && reason !== '' ? reason : reasonOf(response.status),
    serverMessage: typeof message === 'string' ? message : response.text.slice(0, 200).trim(),
    subject,
    retryAfterMs: parseRetryAfter(response.headers['retry-after']) ?? retryAfterOfDetails(details)
  })
}

/** The error that an ERROR event of a watch means; its object is a Status. */
export function apiErrorOfWatch(status: unknown, subject: string): KubeApiError {
  const fields = isRecord(status) ? status : {}
  const { code, reason, message, details } = fields
  const httpStatus = typeof code === 'number' ? code : 500
  return new KubeApiError({
    status: httpStatus,
    reason: typeof reason === 'string' && reason !== '' ? reason : reasonOf(httpStatus),
    serverMessage: typeof message === 'string' ? message : 'the watch ended with an error',
    subject,
    retryAfterMs: retryAfterOfDetails(details)
  })
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), as milliseconds from now. */
export function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

function retryAfterOfDetails(details: unknown): number | undefined {
  if (!isRecord(details)) return undefined
  const seconds = details['retryAfterSeconds']
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : undefined
}

function reasonOf(status: number): string {
  return (http.STATUS_CODES[status] ?? 'Unknown').replaceAll(' ', '')
}
