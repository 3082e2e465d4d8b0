import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Does something while no other process does it under the same lock file. The lock is the kernel's: whoever dies
 * with it gives it up.
 */
export async function withFileLock<T>(
  file: string,
  onWait: () => void,
  action: () => Promise<T>
): Promise<T> {
  // The holder tells that it has the lock, and keeps it until its standard input ends: with us, at the latest.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo; cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true
  })
  const ended = once(holder, 'close')
  const waiting = setTimeout(onWait, 500)
  try {
    const first = await Promise.race([once(holder.stdout, 'data').then(() => 'locked'), ended])
    if (first !== 'locked') throw new Error(`${file} could not be locked`)
  } finally {
    clearTimeout(waiting)
  }
  try {
    return await action()
  } finally {
    holder.stdin.end()
    await ended
  }
}
