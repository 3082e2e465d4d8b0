#!/usr/bin/env node
// Runs a command in a sandbox: `node sandboxed.js COMMAND [ARGUMENT…]`. What it makes in there cannot outlive it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isInSandbox, prepareSandbox, probeSandbox, sandboxPid, spawnSandboxed } from './sandbox.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function runInside([program = 'true', ...args]: readonly string[]): Promise<number> {
  await prepareSandbox()
  const child = spawn(program, args, { stdio: 'inherit' })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  process.on('message', () => child.kill('SIGTERM'))
  process.on('disconnect', () => child.kill('SIGTERM'))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (process.connected) process.disconnect()
  return code ?? 1
}

async function runOutside(args: readonly string[]): Promise<number> {
  const sandbox = probeSandbox()
  if (sandbox.type === 'refused') {
    process.stderr.write(`this needs network namespaces, and there are none: ${sandbox.reason}\n`)
    return 2
  }
  const child = spawnSandboxed(import.meta.filename, args)
  let isStopping = false
  const stop = (): void => {
    const pid = sandboxPid(child)
    if (isStopping && pid !== undefined) process.kill(pid, 'SIGKILL')
    isStopping = true
    if (child.connected) child.send({ type: 'stop' })
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  process.on('disconnect', stop)
  const [code] = (await once(child, 'exit')) as [number | null]
  if (process.connected) process.disconnect()
  return code ?? 1
}

const args = process.argv.slice(2)
process.exitCode = isInSandbox() ? await runInside(args) : await runOutside(args)
