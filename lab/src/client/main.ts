// The hands of the client host: it runs inside the client's network namespace and does what it is told by messages.
import { run } from '../shell.ts'
import { exchangeDatagram } from './datagram.ts'
import { findOutage, type ProbeResult, probe, probeUntilReached } from './prober.ts'
import type { ClientReply, ClientRequest } from './protocol.ts'

const LOAD_INTERVAL_MS = 10
const LOAD_TIMEOUT_MS = 1000
/** A run of load longer than this has its oldest results forgotten. */
const MAX_LOAD_RESULTS = 100_000

let load: { readonly timer: NodeJS.Timeout; readonly results: Promise<ProbeResult>[] } | undefined
const reaching = new Map<number, AbortController>()

process.on('message', (request: ClientRequest) => void answer(request))
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

async function answer(request: ClientRequest): Promise<void> {
  const { id } = request
  try {
    reply({ id, result: await handle(request) })
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) })
  }
}

async function handle(request: ClientRequest): Promise<unknown> {
  switch (request.type) {
    case 'reach': {
      const abort = new AbortController()
      reaching.set(request.id, abort)
      const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(request.timeoutMs)])
      const result = await probeUntilReached(request.url, signal).finally(() => reaching.delete(request.id))
      return result === undefined
        ? undefined
        : { body: result.body, endedAt: performance.timeOrigin + result.endedAtMs }
    }
    case 'cancel':
      reaching.get(request.target)?.abort()
      return undefined
    case 'probe':
      return probe(request.url, request.timeoutMs)
    case 'datagram':
      return exchangeDatagram(request.address, request.port, request.timeoutMs)
    case 'neighbours':
      return JSON.parse((await run('ip', ['-json', 'neigh', 'show'])) || '[]')
    case 'startLoad':
      await startLoad(request.url)
      return undefined
    case 'stopLoad':
      return stopLoad()
  }
}

/** Resolves when the first request was answered: without that there would be no beginning of an outage. */
async function startLoad(url: string): Promise<void> {
  const results: Promise<ProbeResult>[] = []
  const { promise: answered, resolve } = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    results.push(
      probe(url, LOAD_TIMEOUT_MS).then((result) => {
        if (result.body !== undefined) resolve()
        return result
      })
    )
    if (results.length > MAX_LOAD_RESULTS) void results.shift()
  }, LOAD_INTERVAL_MS)
  load = { timer, results }
  await answered
}

async function stopLoad(): Promise<unknown> {
  if (load === undefined) throw new Error('there is no load to stop')
  const { timer, results } = load
  clearInterval(timer)
  load = undefined
  return findOutage(await Promise.all(results))
}

function reply(message: ClientReply): void {
  process.send?.(message)
}
