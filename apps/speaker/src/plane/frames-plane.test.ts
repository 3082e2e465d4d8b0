import { readdir, readFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { expect, test, vi } from 'vitest'
import { FramesPlane } from './frames-plane.ts'
import type { WantedAddress } from './messages.ts'

/** A thread that tells what it starts with as counts, and fails when it is asked for the address `fail`. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
  import { parentPort, workerData } from 'node:worker_threads'
  const wanted = new Map(workerData.wanted.map((one) => [one.address, one]))
  parentPort.postMessage({ type: 'ready', wakeFd: -1 })
  parentPort.on('message', (request) => {
    if (request.type === 'stop') parentPort.close()
    if (request.type === 'change') {
      for (const one of request.change.set) wanted.set(one.address, one)
      for (const address of request.change.remove) wanted.delete(address)
      if (wanted.has('fail')) throw new Error('it fails')
    }
    if (request.type === 'counts') {
      const counts = [...wanted.values()].map(({ address }) => ({ address, requests: 0, replies: 0, gratuitous: 0 }))
      parentPort.postMessage({ type: 'counts', id: request.id, counts: { addresses: counts, liveness: undefined } })
    }
  })
`)}`
)
const BROKEN = new URL(`data:text/javascript,throw new Error('no such permission')`)

const wanted = (address: string): WantedAddress => ({ address, interfaces: undefined })

function createPlane(entry: URL) {
  const onRestart = vi.fn<(error: Error) => void>()
  const plane = new FramesPlane({
    node: 'n1',
    takeBackMs: 0,
    entry,
    excludeSource: undefined,
    onEvent: () => undefined,
    onRestart
  })
  return { plane, onRestart }
}

test('the main thread gives way to it, and it does not to the main thread', async () => {
  // This must be the first one of the file: once it gave way, a thread does so for good.
  const before = getPriority()
  const { plane } = createPlane(ENTRY)
  await plane.start()
  const niceness = new Map<string, number>()
  for (const thread of await readdir('/proc/self/task')) {
    // proc(5): the name, which may hold anything, is in parentheses; niceness is the 17th field after it.
    const [, after = ''] = (await readFile(`/proc/self/task/${thread}/stat`, 'utf8')).split(/.*\) /s)
    niceness.set(
      (await readFile(`/proc/self/task/${thread}/comm`, 'utf8')).trim(),
      Number(after.split(' ')[16])
    )
  }
  await plane.stop()
  expect(niceness.get('frames')).toBe(before)
  expect(getPriority()).toBe(Math.max(before, 5))
})

test('a thread that fails is started again, with all that is wanted', async () => {
  const { plane, onRestart } = createPlane(ENTRY)
  await plane.start()
  plane.apply({ set: [wanted('192.0.2.1'), wanted('192.0.2.2')], remove: [] })
  plane.apply({ set: [], remove: ['192.0.2.2'] })
  expect((await plane.counts()).addresses.map(({ address }) => address)).toEqual(['192.0.2.1'])
  plane.apply({ set: [wanted('fail')], remove: [] })
  await expect.poll(() => onRestart).toHaveBeenCalledOnce()
  expect(onRestart.mock.calls[0]?.[0].message).toBe('it fails')
  plane.apply({ set: [], remove: ['fail'] })
  const answered = async (): Promise<readonly string[]> =>
    (await plane.counts()).addresses.map(({ address }) => address)
  await expect.poll(answered).toEqual(['192.0.2.1'])
  await plane.stop()
})

test('what the system refuses at the first start is thrown, and not tried again', async () => {
  const { plane, onRestart } = createPlane(BROKEN)
  await expect(plane.start()).rejects.toThrow('no such permission')
  expect(onRestart).not.toHaveBeenCalled()
  await plane.stop()
})

test('after the stop there is nothing to count, and stopping twice is no harm', async () => {
  const { plane } = createPlane(ENTRY)
  await plane.start()
  await plane.stop()
  await plane.stop()
  expect(await plane.counts()).toEqual({ addresses: [], liveness: undefined })
})
