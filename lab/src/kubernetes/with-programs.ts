#!/usr/bin/env node
// Runs a command once the programs of a cluster are there: `node with-programs.js [--metallb] COMMAND [ARGUMENT…]`;
// with --metallb those of MetalLB too. Where they cannot be had it says why, and runs the command all the same: it decides
// what to do without.
import { runChild } from '../run-child.ts'
import { createControlGroups } from './control-groups.ts'
import { getPrograms, planPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS, METALLB_PROGRAMS } from './programs.ts'

const METALLB_FLAG = '--metallb'

async function main(words: readonly string[]): Promise<number> {
  const hasMetallb = words[0] === METALLB_FLAG
  const [program = 'true', ...args] = hasMetallb ? words.slice(1) : words
  const wanted = [...CLUSTER_PROGRAMS, ...(hasMetallb ? METALLB_PROGRAMS : [])]
  const plan = await planPrograms(wanted)
  const say = (text: string): void => void process.stderr.write(`kubernetes: ${text}\n`)
  if (plan.type === 'refused') say(plan.reason)
  else await getPrograms(wanted, say)
  const groups = createControlGroups()
  try {
    return await runChild(program, args, groups.environment)
  } finally {
    await groups.remove()
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
