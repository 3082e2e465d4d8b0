// BFD sessions in a thread with nothing else in it, as the speaker has them. Usage: bfd-node.js OPTIONS-AS-JSON
import { setFlagsFromString } from 'node:v8'
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads'
import { BfdSpeaker } from '@clarion-lb/bfd'
import { parseIpAddress } from '@clarion-lb/netaddr'

export interface BfdNodeOptions {
  readonly sessions: readonly { readonly localAddress: string; readonly remoteAddress: string }[]
  readonly intervalMs: number
  readonly detectMultiplier: number
}

/** How it is with the sessions, once a second. */
export interface BfdNodeState {
  readonly type: 'state'
  readonly up: number
  /** How often one went down, since the start. */
  readonly downs: number
}

const TELL_MS = 1000
/** Of the thread for sessions in the speaker. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 512 } as const

if (isMainThread) startThread(JSON.parse(process.argv[2] ?? '{}'))
else if (parentPort !== null) runSessions(parentPort, workerData)

function startThread(options: BfdNodeOptions): void {
  // The speaker begins without its optimizing compilers, and turns them on for this thread.
  setFlagsFromString('--opt')
  setFlagsFromString('--maglev')
  const worker = new Worker(new URL(import.meta.url), {
    workerData: options,
    resourceLimits: RESOURCE_LIMITS
  })
  worker.on('message', (state) => process.send?.(state))
  process.once('SIGTERM', () => process.exit())
  process.once('disconnect', () => process.exit())
}

function runSessions(port: MessagePort, options: BfdNodeOptions): void {
  const { intervalMs, detectMultiplier } = options
  const speaker = new BfdSpeaker()
  speaker.start()
  let downs = 0
  const sessions = options.sessions.map(({ localAddress, remoteAddress }) =>
    speaker
      .add({
        remoteAddress: parseIpAddress(remoteAddress),
        localAddress: parseIpAddress(localAddress),
        transmitIntervalMs: intervalMs,
        receiveIntervalMs: intervalMs,
        detectMultiplier
      })
      .on('down', () => {
        downs += 1
      })
  )
  setInterval(() => {
    const up = sessions.filter(({ state }) => state === 'up').length
    port.postMessage({ type: 'state', up, downs } satisfies BfdNodeState)
  }, TELL_MS)
}
