import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ResourceReport } from './driver-protocol.ts'

/** What this process holds, after a collection of its garbage. */
export function readResources(): ResourceReport {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return {
    active: process.getActiveResourcesInfo(),
    openFiles: readdirSync('/proc/self/fd').length,
    heapBytes: process.memoryUsage().heapUsed
  }
}
