import { spawn } from 'node:child_process'
import { once } from 'node:events'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a program in our place until it ends: it has our streams and gets our signals, and ends with whoever started us.
 *
 * @param environment beside ours
 * @returns the exit status; 1 if a signal ended it
 */
export async function runChild(
  program: string,
  args: readonly string[],
  environment: Readonly<NodeJS.ProcessEnv> = {}
): Promise<number> {
  const child = spawn(program, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...environment }
  })
  const ended = once(child, 'exit')
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  process.on('disconnect', () => child.kill('SIGTERM'))
  await ended
  if (process.connected) process.disconnect()
  return child.exitCode ?? 1
}
