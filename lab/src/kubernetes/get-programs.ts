import { join } from 'node:path'
import { buildPrograms } from './build.ts'
import { findGo, HOW_TO_GET_GO } from './go-toolchain.ts'
import { cacheRoot, isProgram, moduleCacheDirectory } from './program-cache.ts'
import { CONTROL_PLANE_PROGRAMS, GO_MODULES, type GoModule, type ProgramName } from './programs.ts'

/** File of each program. */
export type Programs = ReadonlyMap<ProgramName, string>

/** Why there are no such programs here, and how to get them. */
export interface ProgramsRefusal {
  readonly type: 'refused'
  readonly reason: string
}

/** What is there, and what has yet to be built. */
export interface ProgramsPlan {
  readonly type: 'available'
  readonly found: Programs
  readonly missing: readonly {
    readonly module: GoModule
    readonly directory: string
    readonly wanted: readonly ProgramName[]
  }[]
}

/**
 * Looks for programs: those of a control plane in the directory that `KUBEBUILDER_ASSETS` names, if it is set; all
 * others in the cache, or Go is there to build them. Nothing is built.
 */
export async function planPrograms(
  wanted: readonly ProgramName[],
  environment: NodeJS.ProcessEnv = process.env
): Promise<ProgramsPlan | ProgramsRefusal> {
  if (process.platform !== 'linux')
    return { type: 'refused', reason: `Kubernetes runs on Linux, and this is ${process.platform}` }
  const found = new Map<ProgramName, string>()
  const assets = environment['KUBEBUILDER_ASSETS'] ?? ''
  for (const name of wanted) {
    const file = join(assets, name)
    if (assets !== '' && isProgram(file)) found.set(name, file)
    else if (assets !== '' && CONTROL_PLANE_PROGRAMS.includes(name))
      return { type: 'refused', reason: `KUBEBUILDER_ASSETS is ${assets}, and there is no ${name} in it` }
  }
  const missing: ProgramsPlan['missing'][number][] = []
  for (const module of GO_MODULES) {
    const names = wanted.filter((name) => module.packages[name] !== undefined && !found.has(name))
    if (names.length === 0) continue
    const go = await findGo(module.directory)
    if (go.type === 'refused') return refuse(names, go.reason)
    const directory = moduleCacheDirectory(cacheRoot(environment), module, go)
    for (const name of names) {
      const file = join(directory, name)
      if (isProgram(file)) found.set(name, file)
    }
    const toBuild = names.filter((name) => !found.has(name))
    if (toBuild.length > 0) missing.push({ module, directory, wanted: toBuild })
  }
  return { type: 'available', found, missing }
}

/**
 * {@link planPrograms}, and builds what is missing: minutes the first time.
 *
 * @throws BuildError if Go fails; Error if there is no way to get them
 */
export async function getPrograms(
  wanted: readonly ProgramName[],
  progress: (text: string) => void = () => undefined
): Promise<Programs> {
  const plan = await planPrograms(wanted)
  if (plan.type === 'refused') throw new Error(plan.reason)
  const programs = new Map(plan.found)
  for (const { module, directory, wanted: names } of plan.missing) {
    await buildPrograms({ module, directory, wanted: names, progress })
    for (const name of names) programs.set(name, join(directory, name))
  }
  return programs
}

function refuse(names: readonly ProgramName[], reason: string): ProgramsRefusal {
  const assets = names.every((name) => CONTROL_PLANE_PROGRAMS.includes(name))
    ? '; or set KUBEBUILDER_ASSETS to a directory that has them (setup-envtest use -p path)'
    : ''
  return {
    type: 'refused',
    reason: `${names.join(', ')} are not here, and ${reason}. ${HOW_TO_GET_GO}${assets}`
  }
}
