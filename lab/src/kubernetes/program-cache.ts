import { createHash } from 'node:crypto'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { GoToolchain } from './go-toolchain.ts'
import type { GoModule } from './programs.ts'

/** Where built programs are kept: outside of the clone, so that every clone has them. */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_CACHE_HOME'] || join(environment['HOME'] ?? homedir(), '.cache')
  return join(base, 'clarion', 'kubernetes')
}

/** The directory of what a module builds: another one for other sources, another Go or another machine. */
export function moduleCacheDirectory(root: string, module: GoModule, go: GoToolchain): string {
  const hash = createHash('sha256')
  const files = readdirSync(module.directory).toSorted()
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(module.directory, file)))
  hash.update(JSON.stringify([go.version, go.os, go.architecture, module.linkerFlags, module.packages]))
  return join(root, `${module.name}-${hash.digest('hex').slice(0, 16)}`)
}

/** Whether there is a program that may be run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
