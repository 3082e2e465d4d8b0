#!/usr/bin/env node
// A Kubernetes for a person: `npm run cluster`. Ctrl-C ends it, and nothing is left.
import { join } from 'node:path'
import { Command } from 'commander'
import { isInSandbox } from '../sandbox.ts'
import { keepCluster } from './cluster-door.ts'
import { runCluster } from './cluster-story.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const command = new Command('npm run cluster --')
  .description(
    'Three real Kubernetes nodes on this machine, with the images of Clarion on them, until Ctrl-C.'
  )
  .option('--install', 'install Clarion too, with addresses of the segment')
  .parse()
const isInstalled = command.opts<{ readonly install?: boolean }>().install === true
if (isInSandbox()) {
  await runCluster({ root, isInstalled })
  if (process.connected) process.disconnect()
} else {
  process.exitCode = await keepCluster(import.meta.filename, process.argv.slice(2))
}
