import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouterKind } from '../router/router.ts'
import { runSandboxed } from '../run-sandboxed.ts'
import { openSocketDoor } from '../socket-door.ts'
import { describeThingsToTry } from './things-to-try.ts'

/** Runs the story in a sandbox; out here only a way in for the person's `kubectl` is kept open. */
export async function tellSandboxed(script: string, args: readonly string[]): Promise<number> {
  return runSandboxed(script, args, (message, pid) => (isReady(message) ? openDoor(pid, message) : undefined))
}

/** What the inside says when the story has been told. */
interface Ready {
  readonly kubeconfig: string
  readonly router: RouterKind
}

/** Makes the way in, and tells the person about it. */
async function openDoor(pid: number, ready: Ready): Promise<() => void> {
  const inside = `/proc/${pid}/root`
  const { port, close } = await openSocketDoor(`${inside}/run/clarion/api.sock`)
  const directory = mkdtempSync(join(tmpdir(), 'clarion-demo-'))
  const kubeconfig = join(directory, 'kubeconfig')
  const text = readFileSync(`${inside}${ready.kubeconfig}`, 'utf8')
  writeFileSync(kubeconfig, text.replace(/server: .*/, `server: https://127.0.0.1:${port}`), { mode: 0o600 })
  process.stdout.write(describeThingsToTry(kubeconfig, pid, ready.router))
  return () => {
    close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && 'kubeconfig' in message
}
