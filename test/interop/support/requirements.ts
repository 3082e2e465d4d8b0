import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Why tests that need root and these programs cannot run here; `undefined` if they can. The reason is printed. Where
 * nothing may be skipped (`CLARION_FORBID_SKIP=1`), it is an error.
 *
 * @throws Error
 */
export function skipReason(...programs: readonly string[]): string | undefined {
  const reason = findReason(programs)
  if (reason === undefined) return undefined
  if (process.env['CLARION_FORBID_SKIP'] === '1') throw new Error(`cannot run here: ${reason}`)
  process.stderr.write(`skipped: ${reason}\n`)
  return reason
}

function findReason(programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return `network namespaces need Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const missing = ['ip', 'unshare', 'nsenter', 'setpriv', ...programs].filter((program) => !isThere(program))
  return missing.length === 0 ? undefined : `these programs are missing: ${missing.join(' ')}`
}

function isThere(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
