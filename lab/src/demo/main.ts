#!/usr/bin/env node
import { CommanderError } from 'commander'
import { isInSandbox, probeSandbox } from '../sandbox.ts'
import { tellInMemory } from './in-memory/tell-in-memory.ts'
import { tellInside } from './inside.ts'
import { type DemoOptions, parseDemoOptions } from './options.ts'
import { tellSandboxed } from './outside.ts'

/** Exit statuses: 0 all was reached, 1 something was not, 2 it cannot be run like this, 130 interrupted. */
async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions
  try {
    options = parseDemoOptions(args)
  } catch (error) {
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2
  }
  if (isInSandbox()) return tellInside(options)
  if (options.inMemory) return tellInMemory(options)
  const sandbox = probeSandbox()
  if (sandbox.type === 'available') return tellSandboxed(import.meta.filename, args)
  process.stderr.write(
    `No network namespaces here (${sandbox.reason}): the same story on an in-memory segment.\n`
  )
  return tellInMemory(options)
}

process.exitCode = await main(process.argv.slice(2))
