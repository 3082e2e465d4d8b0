import { type Logger, pino } from 'pino'

/** MetalLB's names of levels to pino's. */
const LEVELS: Readonly<Record<string, string>> = {
  all: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  none: 'silent'
}

/** Logs JSON lines to standard output, synchronously: what was logged before a crash is there. */
export function createLog(level: string): Logger {
  return pino(
    {
      level: LEVELS[level] ?? 'info',
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) }
    },
    pino.destination({ dest: 1, sync: true })
  )
}

/** What an error says, with what it was caused by. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause === undefined) return error.message
  const cause = describeError(error.cause)
  // Some messages repeat that of their cause.
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`
}
