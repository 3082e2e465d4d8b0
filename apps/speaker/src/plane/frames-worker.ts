import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { PacketLink } from '@clarion-lb/link'
import { FramesCore } from './frames-core.ts'
import { type FramesAnswer, isFramesRequest, type WantedAddress } from './messages.ts'

/** What the frames thread starts with. */
export interface FramesWorkerData {
  readonly excludeSource: string | undefined
  readonly wanted: readonly WantedAddress[]
}

/** A thread that sleeps longer than this can neither be stopped nor end. */
const MAX_SLEEP_MS = 250

/** Entry of the worker thread: sleeps in poll(2), so that no event loop runs here. */
function main(port: MessagePort, { excludeSource, wanted }: FramesWorkerData): void {
  const tell = (answer: FramesAnswer): void => port.postMessage(answer)
  const link = new PacketLink({
    onFrame: (frame, index) => core.onFrame(frame, index),
    onInterfaces: (change) => core.onInterfaces(change)
  })
  const core = new FramesCore({
    link,
    exclude: excludeSource === undefined ? undefined : new RegExp(excludeSource),
    onEvent: (event) => tell({ type: 'event', event }),
    now: () => performance.now()
  })
  link.start()
  core.start()
  core.apply({ set: wanted, remove: [] })
  tell({ type: 'ready', wakeFd: link.wakeFd })
  try {
    while (drain(port, core, tell)) link.poll(Math.min(MAX_SLEEP_MS, Math.ceil(core.work() ?? MAX_SLEEP_MS)))
  } finally {
    tell({ type: 'stopped' })
    link.stop()
  }
  port.close()
}

/** Reads the requests that are there. Returns whether to go on. */
function drain(port: MessagePort, core: FramesCore, tell: (answer: FramesAnswer) => void): boolean {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const request: unknown = next.message
    if (!isFramesRequest(request)) continue
    if (request.type === 'stop') return false
    if (request.type === 'counts') tell({ type: 'counts', id: request.id, counts: core.counts() })
    else core.apply(request.change)
  }
  return true
}

if (parentPort !== null) main(parentPort, workerData)
