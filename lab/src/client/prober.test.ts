import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { findOutage, type ProbeResult, probe } from './prober.ts'

function results(...answers: readonly (readonly [number, boolean])[]): ProbeResult[] {
  return answers.map(([sentAtMs, isAnswered]) => ({
    url: 'http://192.0.2.1/',
    sentAtMs,
    endedAtMs: sentAtMs + 1,
    body: isAnswered ? 'ok' : undefined,
    error: isAnswered ? undefined : 'lost'
  }))
}

test('the gap runs from the last answered request to the next answered one, in order of sending', () => {
  expect(
    findOutage(results([0, true], [20, true], [60, false], [40, false], [520, true], [540, true]))
  ).toEqual({ gapMs: 500, lossMs: 20, lostRequests: 2, sentRequests: 6, openRequests: 1 })
})

test('without a lost request there is no gap, however slow the requests', () => {
  expect(findOutage(results([0, true], [3000, true]))).toEqual({
    gapMs: 0,
    lossMs: 0,
    lostRequests: 0,
    sentRequests: 2,
    openRequests: 1
  })
})

test('requests that are lost between answered ones are counted as one loss', () => {
  expect(findOutage(results([0, true], [10, false], [20, true], [300, false], [310, true]))).toEqual({
    gapMs: 290,
    lossMs: 290,
    lostRequests: 2,
    sentRequests: 5,
    openRequests: 1
  })
})

test('requests that are open at one time are those that were answered', () => {
  const slow = results([0, true], [10, true], [20, false], [30, true], [40, true])
  const ends = [25, 35, 1000, 45, 50]
  expect(findOutage(slow.map((one, i) => ({ ...one, endedAtMs: ends[i] ?? 0 }))).openRequests).toBe(2)
})

test('a probe has the body of the answer, or the reason why there is none', async () => {
  const server = createServer((_request, response) => response.end('node-1'))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  expect(await probe(`http://127.0.0.1:${port}/`, 5000)).toMatchObject({ body: 'node-1', error: undefined })
  await new Promise((resolve) => {
    server.close(resolve)
  })
  expect(await probe(`http://127.0.0.1:${port}/`, 5000)).toMatchObject({
    body: undefined,
    error: expect.stringContaining('ECONNREFUSED') as unknown
  })
})
