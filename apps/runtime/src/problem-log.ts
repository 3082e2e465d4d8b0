import { formatProblem, type Problem } from '@clarion-lb/config'
import type { Logger } from 'pino'

/** Logs what is wrong with the configuration: each problem when it comes up, not each time that all is read again. */
export function createProblemLog(log: Logger): (problems: readonly Problem[]) => void {
  let known: ReadonlySet<string> = new Set()
  return (problems) => {
    const current = new Set<string>()
    for (const problem of problems) {
      const text = formatProblem(problem)
      current.add(text)
      if (known.has(text)) continue
      const { severity, kind, name, field, message, remedy } = problem
      const level = severity === 'error' ? 'error' : 'warn'
      log[level]({ kind, name, field, message, remedy }, 'configuration problem')
    }
    known = current
  }
}
