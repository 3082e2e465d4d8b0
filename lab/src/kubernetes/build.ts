import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { withFileLock } from './file-lock.ts'
import { GO_ENVIRONMENT } from './go-toolchain.ts'
import { isProgram } from './program-cache.ts'
import type { GoModule, ProgramName } from './programs.ts'

/** Thrown when Go fails: what was built, and the end of what Go said. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly code = 'ERR_LAB_BUILD'
  readonly program: ProgramName

  constructor(program: ProgramName, said: string) {
    super(`${program} could not be built:\n${said}`)
    this.program = program
  }
}

export interface BuildOptions {
  readonly module: GoModule
  readonly wanted: readonly ProgramName[]
  /** Where they are put; see `moduleCacheDirectory`. */
  readonly directory: string
  /** Called with a line now and then: the first build takes minutes. */
  readonly progress: (text: string) => void
}

const PROGRESS_INTERVAL_MS = 15_000
const KEPT_LINES = 30

/**
 * Builds those of the wanted programs that are not there. Two builds at once wait for each other, and a program is in
 * its place whole or not at all.
 *
 * @throws {@link BuildError}
 */
export async function buildPrograms(options: BuildOptions): Promise<void> {
  const { module, wanted, directory, progress } = options
  if (wanted.every((name) => isProgram(join(directory, name)))) return
  await mkdir(directory, { recursive: true })
  const onWait = (): void => progress(`waiting for another build of ${module.name}`)
  await withFileLock(join(directory, '.lock'), onWait, async () => {
    for (const name of wanted) {
      if (isProgram(join(directory, name))) continue
      const partial = join(directory, `.${name}-${process.pid}`)
      try {
        await buildProgram(options, name, partial)
        await rename(partial, join(directory, name))
      } finally {
        await rm(partial, { force: true })
      }
    }
  })
}

async function buildProgram(options: BuildOptions, name: ProgramName, file: string): Promise<void> {
  const { module, progress } = options
  const startedAt = performance.now()
  const seconds = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`
  const lines: string[] = []
  let packageCount = 0
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'go', ...buildArguments(module, name, file)], {
    env: { ...process.env, ...GO_ENVIRONMENT },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const output = createInterface({ input: child.stderr })
  output.on('line', (line) => {
    // With -v Go names each package that it compiles; all else that it says has spaces in it.
    if (/^\S+$/.test(line)) packageCount += 1
    else lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
  })
  progress(`building ${name}`)
  const timer = setInterval(() => {
    const latest = packageCount === 0 ? (lines.at(-1) ?? 'asking Go') : `${packageCount} packages compiled`
    progress(`building ${name}: ${latest}, ${seconds()}`)
  }, PROGRESS_INTERVAL_MS)
  try {
    await once(child, 'close')
  } finally {
    clearInterval(timer)
  }
  if (child.exitCode !== 0) throw new BuildError(name, lines.join('\n'))
  progress(`built ${name} in ${seconds()}`)
}

function buildArguments(module: GoModule, name: ProgramName, file: string): string[] {
  return [
    '-C',
    module.directory,
    'build',
    '-v',
    '-p',
    String(availableParallelism()),
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ['-s', '-w', ...module.linkerFlags].join(' '),
    '-o',
    file,
    module.packages[name] ?? '.'
  ]
}
