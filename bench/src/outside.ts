#!/usr/bin/env node
// Runs a bench in a sandbox: `node outside.js [NAME] [FLAG…]`. There is no network in there, so that the programs which a
// bench needs are built before.
import { join } from 'node:path'
import { runChild } from '@clarion-lb/lab'
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
const SANDBOXED = join(import.meta.dirname, '../../lab/dist/sandboxed.js')

async function main(args: readonly string[]): Promise<number> {
  const needed = args.flatMap((word) => NEEDED.get(word) ?? [])
  if (needed.length > 0) await getPrograms(needed, (text) => void process.stderr.write(`bench: ${text}\n`))
  const words = [SANDBOXED, process.execPath, join(import.meta.dirname, 'main.js'), ...args]
  return runChild(process.execPath, words)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
