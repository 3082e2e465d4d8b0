// A Go that is new enough for what we build. Debian's may be older; it can fetch a newer one, as a module.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// What MetalLB asks for.
const OLDEST_MINOR = 25
const FETCHED = 'v0.0.1-go1.25.14'

/**
 * The directory of a newer Go, if the one in the PATH is too old and it can be fetched; `undefined` otherwise: whoever
 * needs Go says what is wrong with it.
 */
export function findGo(say) {
  try {
    const [version, os, architecture] = go(['env', 'GOVERSION', 'GOOS', 'GOARCH']).trim().split('\n')
    if (Number(/^go1\.(\d+)/.exec(version)?.[1]) >= OLDEST_MINOR) return undefined
    say(`${version} is too old: fetching Go ${FETCHED.replace(/.*go/, '')}`)
    return fetchGo(`golang.org/toolchain@${FETCHED}.${os}-${architecture}`)
  } catch (error) {
    say(`no newer Go: ${error.message}`)
    return undefined
  }
}

/** Modules have no executable files: what is to be run is made so. */
function fetchGo(module) {
  const { Dir: directory } = JSON.parse(go(['mod', 'download', '-json', module]))
  for (const name of ['bin', 'pkg/tool'])
    for (const entry of readdirSync(join(directory, name), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755)
  return join(directory, 'bin')
}

/** In a directory of its own: what is in ours is no Go. */
function go(args) {
  const directory = mkdtempSync(join(tmpdir(), 'clarion-go-'))
  try {
    return execFileSync('go', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, GOFLAGS: '', GOWORK: 'off' }
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
