import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { PacketLink } from '@clarion-lb/link'
import { PolledClock, PolledTransport } from '@clarion-lb/liveness'
import {
  type FramesAnswer,
  isFramesRequest,
  type LivenessSettings,
  type PlaneIdentity,
  type WantedAddress
} from './messages.ts'
import { PlaneCore } from './plane-core.ts'

/** What the frames thread starts with. */
export interface FramesWorkerData extends PlaneIdentity {
  readonly excludeSource: string | undefined
  readonly wanted: readonly WantedAddress[]
  readonly liveness: LivenessSettings | undefined
}

/** A thread that sleeps longer than this can neither be stopped nor end. */
const MAX_SLEEP_MS = 250

type Tell = (answer: FramesAnswer) => void

/**
 * Entry of the worker thread: sleeps in poll(2), so that no event loop runs here. The failure detector's sockets are among
 * those that it sleeps over, its deadlines among those that it sleeps for.
 */
function main(port: MessagePort, data: FramesWorkerData): void {
  const { excludeSource, node, takeBackMs } = data
  const tell: Tell = (answer) => port.postMessage(answer)
  const clock = new PolledClock()
  const sleep: Sleep = { wokeMs: clock.now(), forMs: 0 }
  const link = new PacketLink({
    onWake: () => {
      const nowMs = clock.now()
      // All that this round took beyond what it was to sleep.
      core.wasLate(nowMs - sleep.wokeMs - sleep.forMs)
      sleep.wokeMs = nowMs
    },
    onFrame: (frame, index) => core.onFrame(frame, index),
    onInterfaces: (change) => core.onInterfaces(change)
  })
  const createTransport = (udpPort: number): PolledTransport => {
    const transport = new PolledTransport({
      port: udpPort,
      onDescriptors: (descriptors) => link.keepCompany(descriptors, () => transport.drain())
    })
    return transport
  }
  const core = new PlaneCore({
    node,
    takeBackMs,
    link,
    exclude: excludeSource === undefined ? undefined : new RegExp(excludeSource),
    onEvent: (event) => tell({ type: 'event', event }),
    means: { clock, createTransport }
  })
  link.start()
  core.start()
  core.apply({ set: data.wanted, remove: [] })
  core.setLiveness(data.liveness)
  tell({ type: 'ready', wakeFd: link.wakeFd })
  try {
    loop(port, { core, clock, link, tell, sleep })
  } finally {
    tell({ type: 'stopped' })
    link.stop()
  }
  port.close()
}

interface Sleep {
  wokeMs: number
  forMs: number
}

interface Loop {
  readonly sleep: Sleep
  readonly core: PlaneCore
  readonly clock: PolledClock
  readonly link: PacketLink
  readonly tell: Tell
}

function loop(port: MessagePort, { core, clock, link, tell, sleep }: Loop): void {
  for (;;) {
    drain(port, core, tell)
    clock.run()
    const waitMs = Math.min(core.work() ?? MAX_SLEEP_MS, clock.waitMs() ?? MAX_SLEEP_MS)
    if (core.isDone) return
    sleep.forMs = Math.min(MAX_SLEEP_MS, Math.ceil(waitMs))
    link.poll(sleep.forMs)
  }
}

/** Does what the other threads ask for. */
function drain(port: MessagePort, core: PlaneCore, tell: Tell): void {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const request: unknown = next.message
    if (!isFramesRequest(request)) continue
    switch (request.type) {
      case 'change':
        core.apply(request.change)
        break
      case 'liveness':
        core.setLiveness(request.settings)
        break
      case 'counts':
        tell({ type: 'counts', id: request.id, counts: core.counts() })
        break
      case 'stop':
        core.leave()
    }
  }
}

if (parentPort !== null) main(parentPort, workerData)
