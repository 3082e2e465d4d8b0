import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { run } from './shell.ts'

const INSIDE = 'CLARION_LAB_SANDBOX'

/** Why no sandbox can be had here. */
export interface SandboxRefusal {
  readonly type: 'refused'
  readonly reason: string
}

/** Whether this process already runs inside a sandbox made by {@link spawnSandboxed}. */
export function isInSandbox(): boolean {
  return process.env[INSIDE] === '1'
}

/**
 * Tells whether this system lets us have network, mount and process namespaces of our own, and if not why. As an
 * ordinary user they live in a user namespace of their own.
 */
export function probeSandbox(): SandboxRefusal | { readonly type: 'available' } {
  if (process.platform !== 'linux') {
    return { type: 'refused', reason: `network namespaces need Linux, and this is ${process.platform}` }
  }
  try {
    execFileSync('unshare', [...unshareFlags(), 'true'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8'
    })
    return { type: 'available' }
  } catch (error) {
    return { type: 'refused', reason: refusalOf(error) }
  }
}

/** What the program said; a program that is not there says nothing. */
function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : ''
  if (said !== '') return said
  return 'code' in error && error.code === 'ENOENT' ? 'there is no program unshare' : error.message
}

/**
 * Runs a script of ours in namespaces of its own (network, mount, process and, without root, user). Everything that
 * it starts or makes in there ends with it, even when it is killed, and it ends with us: the process namespace dies
 * with its first process, and that one is told to die with its parent.
 *
 * The child gets an IPC channel; it may use `disconnect` as the sign that nobody waits for it any more.
 */
export function spawnSandboxed(script: string, args: readonly string[]): ChildProcess {
  const command = [
    '--pdeathsig',
    'KILL',
    'unshare',
    ...unshareFlags(),
    '--',
    process.execPath,
    ...process.execArgv,
    script,
    ...args
  ]
  return spawn('setpriv', command, {
    env: { ...process.env, [INSIDE]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches every process of a terminal's group; the story inside decides on its own order of ending.
    detached: !process.stdin.isTTY
  })
}

/** To be called first inside: a private /run for `ip netns`, and a loopback interface that works. */
export async function prepareSandbox(): Promise<void> {
  await run('mount', ['-t', 'tmpfs', 'tmpfs', '/run'])
  await run('mkdir', ['-p', '/run/netns'])
  await run('ip', ['link', 'set', 'lo', 'up'])
}

/** Process id, as this process sees it, of the first process inside the sandbox. */
export function sandboxPid(child: ChildProcess): number | undefined {
  try {
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
    return children === '' ? undefined : Number(children.split(' ')[0])
  } catch {
    return undefined
  }
}

function unshareFlags(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
}
