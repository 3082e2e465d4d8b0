#!/usr/bin/env node
// A Kubernetes for a person: `npm run cluster`. Ctrl-C ends it, and nothing is left.
import { join } from 'node:path'
import { isInSandbox } from '../sandbox.ts'
import { keepCluster } from './cluster-door.ts'
import { runCluster } from './cluster-story.ts'

const root = join(import.meta.dirname, '..', '..', '..')
if (isInSandbox()) {
  await runCluster(root)
  if (process.connected) process.disconnect()
} else {
  process.exitCode = await keepCluster(import.meta.filename)
}
