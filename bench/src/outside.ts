#!/usr/bin/env node
// Runs a bench in a sandbox: `node outside.js [NAME] [FLAG…]`. There is no network in there, so that the programs which a
// bench needs are built before.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  CONTROL_PLANE_PROGRAMS,
  getPrograms,
  METALLB_PROGRAMS,
  type ProgramName
} from '@clarion-lb/lab/kubernetes'

const NEEDED: ReadonlyMap<string, readonly ProgramName[]> = new Map([
  ['cluster', [...CONTROL_PLANE_PROGRAMS, ...METALLB_PROGRAMS]],
  ['rest', [...CONTROL_PLANE_PROGRAMS, ...METALLB_PROGRAMS]]
])
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SANDBOXED = join(import.meta.dirname, '../../lab/dist/sandboxed.js')

async function main(args: readonly string[]): Promise<number> {
  const needed = args.flatMap((word) => NEEDED.get(word) ?? [])
  if (needed.length > 0) await getPrograms(needed, (text) => void process.stderr.write(`bench: ${text}\n`))
  const words = [SANDBOXED, process.execPath, join(import.meta.dirname, 'main.js'), ...args]
  const child = spawn(process.execPath, words, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  process.on('disconnect', () => child.kill('SIGTERM'))
  await ended
  if (process.connected) process.disconnect()
  return child.exitCode ?? 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
