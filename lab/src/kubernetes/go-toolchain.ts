import { run } from '../shell.ts'

/** The Go that builds a module of ours. */
export interface GoToolchain {
  readonly type: 'available'
  /** As Go says it: `go1.26.8`. */
  readonly version: string
  readonly os: string
  readonly architecture: string
}

/** Why nothing can be built here. */
export interface GoRefusal {
  readonly type: 'refused'
  readonly reason: string
}

/** MetalLB asks for it. */
const OLDEST_MINOR = 25

/** What every call of Go is told: no C compiler, and no settings of whoever calls. */
export const GO_ENVIRONMENT: Readonly<Record<string, string>> = {
  CGO_ENABLED: '0',
  GOFLAGS: '',
  GOWORK: 'off'
}

/**
 * Asks which Go builds the module of a directory: Go 1.21 and newer may fetch the version that go.mod names.
 *
 * @param askGo - For tests: runs `go env` and returns what it prints.
 */
export async function findGo(
  directory: string,
  askGo: (directory: string) => Promise<string> = readGoEnvironment
): Promise<GoToolchain | GoRefusal> {
  let said: string
  try {
    said = await askGo(directory)
  } catch (error) {
    return { type: 'refused', reason: `there is no Go (${firstLine(error)})` }
  }
  const [version = '', os = '', architecture = ''] = said.trim().split('\n')
  const minor = Number(/^go1\.(\d+)/.exec(version)?.[1] ?? 0)
  if (minor < OLDEST_MINOR) return { type: 'refused', reason: `Go is ${version || 'of an unknown version'}` }
  return { type: 'available', version, os, architecture }
}

/** How to get a Go that is new enough, for those who have none. */
export const HOW_TO_GET_GO: string =
  `Go 1.${OLDEST_MINOR} or newer builds them: https://go.dev/dl, or an older one that may fetch it, ` +
  'as apt-get install golang-go gives'

async function readGoEnvironment(directory: string): Promise<string> {
  return run('go', ['-C', directory, 'env', 'GOVERSION', 'GOOS', 'GOARCH'])
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.trim().split('\n')[0] ?? ''
}
