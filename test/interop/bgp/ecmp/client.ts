// A client with many flows to a UDP service: each asks in every round. Usage: client.ts ADDRESS PORT FLOWS
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FromClient, ToClient } from './traffic-protocol.ts'

/** Of rounds. A service that stands still for 3 s finds all that came meanwhile: so much its socket holds. */
const INTERVAL_MS = 400
/** After the end: what has not come by then is lost. */
const GRACE_MS = 5000

interface Flow {
  readonly socket: Socket
  /** Rounds that were answered. */
  readonly answered: Set<number>
  node: string
}

const [address = '', port = '', count = ''] = process.argv.slice(2)
const flows = await Promise.all(Array.from({ length: Number(count) }, openFlow))
let round = 0
let firstRound = 0
let timer: NodeJS.Timeout | undefined

process.on('message', (message: ToClient) => perform(message))
process.on('disconnect', () => process.exit())
tell({ type: 'ready' })

async function openFlow(): Promise<Flow> {
  const flow: Flow = { socket: createSocket('udp4'), answered: new Set(), node: '' }
  flow.socket.on('message', (message) => {
    const [number = '', node = ''] = message.toString().split(' ')
    flow.answered.add(Number(number))
    flow.node = node
  })
  // Where there is no route the kernel says so; it counts as lost.
  flow.socket.on('error', () => undefined)
  flow.socket.connect(Number(port), address)
  await once(flow.socket, 'connect')
  return flow
}

function perform({ type }: ToClient): void {
  switch (type) {
    case 'begin':
      firstRound = round + 1
      timer = setInterval(ask, INTERVAL_MS)
      break
    case 'look':
      // The newest round may still be on its way.
      tell(lookAt(round - 2))
      break
    case 'end':
      void end()
  }
}

function ask(): void {
  round += 1
  const text = String(round)
  // One after the other: somebody asks at any time.
  for (const [i, { socket }] of flows.entries())
    setTimeout(() => socket.send(text, () => undefined), (i * INTERVAL_MS) / flows.length)
}

async function end(): Promise<void> {
  clearInterval(timer)
  const deadlineMs = performance.now() + GRACE_MS
  while (sumUp().lost > 0 && performance.now() < deadlineMs) await sleep(INTERVAL_MS)
  tell(sumUp())
}

function lookAt(number: number): FromClient {
  const answered = flows.filter((flow) => number >= firstRound && flow.answered.has(number))
  const nodes = [...new Set(answered.map(({ node }) => node))].toSorted()
  return {
    type: 'seen',
    unanswered: flows.length - answered.length,
    answers: nodes.map((node) => ({ node, flows: answered.filter((flow) => flow.node === node).length }))
  }
}

function sumUp(): Extract<FromClient, { type: 'ended' }> {
  const sent = (round - firstRound + 1) * flows.length
  const answered = flows.flatMap((flow) => [...flow.answered]).filter((number) => number >= firstRound).length
  return { type: 'ended', sent, lost: sent - answered }
}

function tell(message: FromClient): void {
  process.send?.(message)
}
