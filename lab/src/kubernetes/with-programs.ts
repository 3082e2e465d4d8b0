#!/usr/bin/env node
// Runs a command once the programs of a cluster are there: `node with-programs.js COMMAND [ARGUMENT…]`. Where they cannot
// be had it says why, and runs the command all the same: it decides what to do without.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createControlGroups } from './control-groups.ts'
import { getPrograms, planPrograms } from './get-programs.ts'
import { CLUSTER_PROGRAMS } from './programs.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function main([program = 'true', ...args]: readonly string[]): Promise<number> {
  const plan = await planPrograms(CLUSTER_PROGRAMS)
  const say = (text: string): void => void process.stderr.write(`kubernetes: ${text}\n`)
  if (plan.type === 'refused') say(plan.reason)
  else await getPrograms(CLUSTER_PROGRAMS, say)
  const groups = createControlGroups()
  const child = spawn(program, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...groups.environment }
  })
  const ended = once(child, 'exit')
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  process.on('disconnect', () => child.kill('SIGTERM'))
  await ended
  await groups.remove()
  if (process.connected) process.disconnect()
  return child.exitCode ?? 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
