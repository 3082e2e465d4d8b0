import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A program that is built from its Go module. */
export interface GoProgram {
  readonly name: string
  /** Package and version. */
  readonly module: string
}

/** Outside of the clone, so that every clone has them. */
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'clarion', 'go-programs')

/**
 * Path of a program: the installed one, or one that is built once, by one compiler at a time, and kept. `undefined`:
 * there is no Go.
 *
 * @throws Error where nothing may be skipped
 */
export function findGoProgram({ name, module }: GoProgram): string | undefined {
  const installed = spawnSync('which', [name], { encoding: 'utf8' })
  if (installed.status === 0) return installed.stdout.trim()
  const directory = join(CACHE, module.slice(module.lastIndexOf('@') + 1))
  const built = join(directory, name)
  if (existsSync(built)) return built
  if (spawnSync('which', ['go']).status !== 0) {
    if (process.env['CLARION_FORBID_SKIP'] === '1')
      throw new Error(`cannot run here: neither ${name} nor Go is installed`)
    return undefined
  }
  mkdirSync(directory, { recursive: true })
  const env = { ...process.env, GOBIN: directory, GOFLAGS: '-p=1', CGO_ENABLED: '0' }
  execFileSync('nice', ['go', 'install', '-ldflags=-s -w', module], { env, stdio: 'ignore' })
  return built
}
