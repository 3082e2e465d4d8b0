import type { Outage } from '../client/prober.ts'
import type { Stage, StoryEvent } from './story.ts'

/** What happened to the node that answered. */
export type FailoverCause = 'cableOut' | 'speakerKilled' | 'nodeDrained'

/** Another node came to answer for an address, and what clients saw of it. */
export interface Failover {
  readonly cause: FailoverCause
  readonly node: string
  readonly newNode: string
  /** From the last request that was answered before to the first one after; 0 when none was lost. */
  readonly gapMs: number
  readonly lostRequests: number
}

/** The address that all of it happens to. */
export interface FailoverTarget {
  readonly address: string
  readonly port: number
}

export interface FailoverContext {
  readonly stage: Stage
  readonly show: (event: StoryEvent) => void
  readonly step: (text: string) => void
  readonly signal: AbortSignal
}

interface Act {
  readonly cause: FailoverCause
  readonly begin: (node: string) => string
  readonly happen: (node: string) => Promise<void>
}

const TAKEOVER_TIMEOUT_MS = 30_000
const ASK_AGAIN_MS = 50

/** Pulls the cable of the node that answers, and puts it back when another one has taken over. */
export async function pullAndPlug(
  context: FailoverContext,
  { address, port }: FailoverTarget,
  name: string
): Promise<Failover | undefined> {
  const { stage, show, step, signal } = context
  const act: Act = {
    cause: 'cableOut',
    begin: (node) => `pulling the cable of ${node}, which answers for ${address} (${name})`,
    happen: async (node) => stage.pullCable(node)
  }
  const failover = await failOver(context, { address, port }, act)
  if (failover === undefined) return undefined
  const { node, newNode } = failover
  show({ type: 'begin', text: `putting the cable of ${node} back` })
  await stage.plugCable(node)
  const backAt = await waitForNode(stage, address, (one) => one === node, signal)
  step(backAt === undefined ? `${newNode} kept ${address}` : `${backAt} answers for ${address} again`)
  return failover
}

/** Kills the speaker that answers, and starts it again. */
export async function killSpeaker(
  context: FailoverContext,
  target: FailoverTarget
): Promise<Failover | undefined> {
  const { stage } = context
  const failover = await failOver(context, target, {
    cause: 'speakerKilled',
    begin: (node) => `killing the speaker of ${node} (SIGKILL); the node goes on`,
    happen: async (node) => stage.killSpeaker(node)
  })
  if (failover !== undefined) await stage.startSpeaker(failover.node)
  return failover
}

/** Drains the node that answers, and lets it come back. */
export async function drainNode(
  context: FailoverContext,
  target: FailoverTarget
): Promise<Failover | undefined> {
  const { stage } = context
  const failover = await failOver(context, target, {
    cause: 'nodeDrained',
    begin: (node) => `draining ${node} for maintenance: its addresses move first`,
    happen: async (node) => stage.setMaintenance(node, 'on')
  })
  if (failover !== undefined) await stage.setMaintenance(failover.node, 'off')
  return failover
}

async function failOver(
  { stage, show, step, signal }: FailoverContext,
  { address, port }: FailoverTarget,
  { cause, begin, happen }: Act
): Promise<Failover | undefined> {
  const node = await stage.answeringNode(address)
  if (node === undefined) return undefined
  show({ type: 'begin', text: begin(node) })
  const endLoad = await stage.startLoad(address, port)
  await happen(node)
  const newNode = await waitForNode(stage, address, (one) => one !== node, signal)
  // The outage ends with an answer, not with a promise of one.
  await stage.reach(address, port, AbortSignal.any([signal, AbortSignal.timeout(TAKEOVER_TIMEOUT_MS)]))
  const outage = await endLoad()
  signal.throwIfAborted()
  if (newNode === undefined) return undefined
  step(`${newNode} took over ${address}; ${describe(outage)}`)
  return { cause, node, newNode, gapMs: outage.gapMs, lostRequests: outage.lostRequests }
}

function describe({ gapMs, lostRequests, sentRequests }: Outage): string {
  if (lostRequests === 0) return `none of ${sentRequests} requests was lost`
  return `clients waited ${gapMs} ms, ${lostRequests} of ${sentRequests} requests were lost`
}

async function waitForNode(
  stage: Stage,
  address: string,
  isWanted: (node: string) => boolean,
  signal: AbortSignal
): Promise<string | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TAKEOVER_TIMEOUT_MS)])
  while (!deadline.aborted) {
    const node = await stage.answeringNode(address)
    if (node !== undefined && isWanted(node)) return node
    await new Promise((resolve) => {
      setTimeout(resolve, ASK_AGAIN_MS)
    })
  }
  return undefined
}
