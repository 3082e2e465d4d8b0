import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { BirdRouter } from './bird.ts'
import { ClarionRouter } from './clarion-router.ts'
import { FrrRouter } from './frr.ts'
import type { Router, RouterConfig, RouterKind, RouterPlace } from './router.ts'

const CREATE: Readonly<Record<RouterKind, (place: RouterPlace) => Router>> = {
  bird: (place) => new BirdRouter(place),
  frr: (place) => new FrrRouter(place),
  clarion: (place) => new ClarionRouter(place)
}
const PROGRAMS = { bird: ['bird', 'birdc'], frr: [FrrRouter.bgpd, 'vtysh'], clarion: [] } as const
/** A stranger proves more than one of us. */
const IN_ORDER = ['bird', 'frr', 'clarion'] as const

export interface StartedRouter {
  readonly router: Router
  /** Name and version, and why it is no other. */
  readonly description: string
}

/**
 * Starts the first router of BIRD, FRR and our own that is there and can run here, or the one that is asked for.
 *
 * @throws if none can
 */
export async function startRouter(
  place: RouterPlace,
  config: RouterConfig,
  wanted: RouterKind | undefined
): Promise<StartedRouter> {
  const kinds = wanted === undefined ? IN_ORDER.filter(isThere) : [wanted]
  const failures: string[] = []
  for (const kind of kinds) {
    const router = CREATE[kind](place)
    try {
      const name = await router.start(config)
      return { router, description: [name, ...failures].join('; ') }
    } catch (error) {
      await router.stop()
      failures.push(`${kind} cannot run here: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(`no router: ${failures.join('; ')}`)
}

function isThere(kind: RouterKind): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return PROGRAMS[kind].every((program) =>
    (program.startsWith('/') ? [program] : directories.map((directory) => join(directory, program))).some(
      isExecutable
    )
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
