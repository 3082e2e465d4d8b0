import { type ClientRequest, get } from 'node:http'

/** One try to reach an address. Times are milliseconds of a monotonic clock. */
export interface ProbeResult {
  readonly url: string
  readonly sentAtMs: number
  readonly endedAtMs: number
  /** What the backend said; `undefined` if no whole answer came. */
  readonly body: string | undefined
  readonly error: string | undefined
}

/** Parts of a timeout. */
const TIMEOUT_PARTS = 4

/**
 * One HTTP GET on a connection of its own, within `timeoutMs`: of this process's own time, since a process that stood still
 * did not see the answer that is there. Never rejects.
 */
export async function probe(url: string, timeoutMs: number): Promise<ProbeResult> {
  const sentAtMs = performance.now()
  return new Promise((resolve) => {
    let partsLeft = TIMEOUT_PARTS
    const end = (body: string | undefined, error: string | undefined): void => {
      clearInterval(timer)
      request.destroy()
      resolve({ url, sentAtMs, endedAtMs: performance.now(), body, error })
    }
    const request: ClientRequest = get(url, { agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => end(body, undefined))
      response.on('error', (error) => end(undefined, error.message))
    })
    request.on('error', (error) => end(undefined, error.message))
    const timer = setInterval(() => {
      partsLeft -= 1
      if (partsLeft === 0) end(undefined, `no answer within ${timeoutMs} ms`)
    }, timeoutMs / TIMEOUT_PARTS)
  })
}

/** Tries until there is an answer or `signal` aborts; a fresh connection each time. */
export async function probeUntilReached(url: string, signal: AbortSignal): Promise<ProbeResult | undefined> {
  while (!signal.aborted) {
    const result = await probe(url, 250)
    if (result.body !== undefined) return result
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  return undefined
}

/** What a stream of probes suffered. */
export interface Outage {
  /** From the last request that was answered before the gap to the first one answered after it, by time of sending. */
  readonly gapMs: number
  /** From the sending of the first request that was lost to that of the last one, also if others were answered meanwhile. */
  readonly lossMs: number
  readonly lostRequests: number
  readonly sentRequests: number
  /** The most requests that were under way at one time and were answered. */
  readonly openRequests: number
}

/** The longest time without an answer in a stream of probes, and how many went unanswered in all. */
export function findOutage(results: readonly ProbeResult[]): Outage {
  const inOrder = results.toSorted((a, b) => a.sentAtMs - b.sentAtMs)
  let gapMs = 0
  let lostRequests = 0
  let firstLostMs: number | undefined
  let lossMs = 0
  let lastAnswered: ProbeResult | undefined
  let hasLost = false
  for (const result of inOrder) {
    if (result.body === undefined) {
      lostRequests += 1
      firstLostMs ??= result.sentAtMs
      lossMs = result.sentAtMs - firstLostMs
      hasLost = true
      continue
    }
    if (hasLost && lastAnswered !== undefined)
      gapMs = Math.max(gapMs, result.sentAtMs - lastAnswered.sentAtMs)
    hasLost = false
    lastAnswered = result
  }
  return {
    gapMs: Math.round(gapMs),
    lossMs: Math.round(lossMs),
    lostRequests,
    sentRequests: inOrder.length,
    openRequests: mostOpen(inOrder.filter(({ body }) => body !== undefined))
  }
}

function mostOpen(results: readonly ProbeResult[]): number {
  const changes = results
    .flatMap(({ sentAtMs, endedAtMs }) => [
      { atMs: sentAtMs, by: 1 },
      { atMs: endedAtMs, by: -1 }
    ])
    .toSorted((a, b) => a.atMs - b.atMs || a.by - b.by)
  let open = 0
  let most = 0
  for (const { by } of changes) {
    open += by
    most = Math.max(most, open)
  }
  return most
}
