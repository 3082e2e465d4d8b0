#!/usr/bin/env node
// Builds the programs of a cluster, or of a control plane alone: `node build-main.js [control-plane]`.
import { getPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS, CONTROL_PLANE_PROGRAMS } from './programs.ts'

const wanted = process.argv[2] === 'control-plane' ? CONTROL_PLANE_PROGRAMS : CLUSTER_PROGRAMS
try {
  const programs = await getPrograms(wanted, (text) => process.stderr.write(`${text}\n`))
  for (const [name, file] of programs) process.stdout.write(`${name} ${file}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
