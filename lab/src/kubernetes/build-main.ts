#!/usr/bin/env node
// Builds the programs of a cluster, of a control plane alone, or MetalLB: `node build-main.js [control-plane|metallb]`.
import { getPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS, CONTROL_PLANE_PROGRAMS, METALLB_PROGRAMS, type ProgramName } from './programs.ts'

const SETS = new Map<string, readonly ProgramName[]>([
  ['control-plane', CONTROL_PLANE_PROGRAMS],
  ['metallb', METALLB_PROGRAMS]
])
const wanted = SETS.get(process.argv[2] ?? '') ?? CLUSTER_PROGRAMS
try {
  const programs = await getPrograms(wanted, (text) => process.stderr.write(`${text}\n`))
  for (const [name, file] of programs) process.stdout.write(`${name} ${file}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
