import type { Logger } from 'pino'
import { describeError } from './log.ts'

/** Something with a beginning and an end. */
export interface Service {
  readonly name: string
  /** Resolves when it works. The signal aborts when the process is asked to end before that. */
  start(signal: AbortSignal): Promise<void> | void
  /** Idempotent. Called also when the start failed. */
  stop(): Promise<void> | void
}

/** How long all services together may take to stop, before the process ends anyway. */
const STOP_TIMEOUT_MS = 10_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Starts services in order, waits for a signal (or for `ended`), and stops them in reverse order. A second signal ends the
 * process at once.
 *
 * @returns the exit status: 0, or 1 when a service could not start or stop
 */
export async function runServices(
  services: readonly Service[],
  log: Logger,
  ended?: AbortSignal
): Promise<number> {
  const stopping = new AbortController()
  const asked = Promise.withResolvers<void>()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(1)
    log.info({ signal }, 'stopping')
    stopping.abort()
    asked.resolve()
  }
  const onEnded = (): void => onSignal('SIGTERM')
  for (const signal of SIGNALS) process.on(signal, onSignal)
  ended?.addEventListener('abort', onEnded, { once: true })
  if (ended?.aborted === true) onEnded()
  const started: Service[] = []
  let status = 0
  try {
    for (const service of services) {
      if (stopping.signal.aborted) break
      started.push(service)
      await service.start(stopping.signal)
    }
    await asked.promise
  } catch (error) {
    if (!stopping.signal.aborted) {
      log.fatal({ service: started.at(-1)?.name, error: describeError(error) }, 'start failed')
      status = 1
    }
  }
  stopping.abort()
  status = Math.max(status, await stopAll(started.toReversed(), log))
  for (const signal of SIGNALS) process.off(signal, onSignal)
  ended?.removeEventListener('abort', onEnded)
  return status
}

async function stopAll(services: readonly Service[], log: Logger): Promise<number> {
  let status = 0
  const timer = setTimeout(() => {
    log.error({ timeoutMs: STOP_TIMEOUT_MS }, 'stop took too long')
    process.exit(1)
  }, STOP_TIMEOUT_MS)
  for (const service of services) {
    try {
      await service.stop()
    } catch (error) {
      log.error({ service: service.name, error: describeError(error) }, 'stop failed')
      status = 1
    }
  }
  clearTimeout(timer)
  return status
}
