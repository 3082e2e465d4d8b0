import type { Outage } from '../client/prober.ts'
import { type BgpReport, isRouted, type RouterStage, SecondAct } from './second-act.ts'
import { waitForVerdict } from './verdict.ts'

/** A Service that was reached. */
export interface ReachedService {
  readonly name: string
  readonly addresses: readonly string[]
  /** The node that answers for its first address. */
  readonly node: string
  /** From `apply` to the first HTTP reply through its last address, milliseconds. */
  readonly firstReplyMs: number
}

export interface PendingService {
  readonly name: string
  readonly reason: string
}

export interface Takeover {
  readonly node: string
  readonly newNode: string
  readonly gapMs: number
  readonly lostRequests: number
}

/** The document that `--json` prints. */
export interface DemoReport {
  readonly services: readonly ReachedService[]
  readonly pending: readonly PendingService[]
  readonly takeover: Takeover | undefined
  /** The second act; absent where there can be no router. */
  readonly bgp?: BgpReport
}

/** What the telling shows as it happens. */
export type StoryEvent =
  | { readonly type: 'step'; readonly text: string; readonly ms: number }
  | { readonly type: 'begin'; readonly text: string }
  | { readonly type: 'report'; readonly report: DemoReport }

/** A Service as the story sees it through the API. */
export interface ServiceState {
  readonly name: string
  readonly addresses: readonly string[]
  readonly port: number
  /** Why it has no address, in the words of its newest event. */
  readonly reason: string | undefined
}

/** Where the story takes place: real namespaces, or the in-memory link. */
export interface Stage {
  /** What there is, for the first line. */
  readonly description: string
  readonly nodeNames: readonly string[]
  /** For the second act; `undefined` where there can be no router. */
  readonly router: RouterStage | undefined
  start(progress: (text: string) => void): Promise<void>
  /** Applies the files of `examples/demo` about the segment and returns the names of their Services. */
  applyExamples(): Promise<readonly string[]>
  /** Resolves when `isEnough` likes what it sees of the Service, or with the last state when `signal` aborts. */
  waitForService(
    name: string,
    isEnough: (state: ServiceState) => boolean,
    signal: AbortSignal
  ): Promise<ServiceState>
  /** Resolves with the time of the first whole HTTP reply (ms since the epoch), or `undefined` when `signal` aborts. */
  reach(address: string, port: number, signal: AbortSignal): Promise<number | undefined>
  /** The node whose link-layer address the client has for this address. */
  answeringNode(address: string): Promise<string | undefined>
  /** Sends requests without pause until the returned function is called. */
  startLoad(address: string, port: number): Promise<() => Promise<Outage>>
  pullCable(node: string): Promise<void>
  plugCable(node: string): Promise<void>
  stop(): Promise<void>
}

const SETTLE_TIMEOUT_MS = 30_000
const TAKEOVER_TIMEOUT_MS = 30_000

/** Tells the whole story once: addresses, first replies, a pulled cable, and the cable back in; then the same with a router. */
export async function tellStory(
  stage: Stage,
  show: (event: StoryEvent) => void,
  signal: AbortSignal
): Promise<DemoReport> {
  const startedAtMs = performance.now()
  const step = (text: string): void => show({ type: 'step', text, ms: performance.now() - startedAtMs })
  await stage.start(step)
  signal.throwIfAborted()

  show({ type: 'begin', text: 'applying examples/demo: pools and Services of the segment' })
  const appliedAtMs = performance.timeOrigin + performance.now()
  const names = await stage.applyExamples()
  step(`applied: ${names.length} Services`)
  const settled = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_TIMEOUT_MS)])
  const services: ReachedService[] = []
  const pending: PendingService[] = []
  let report: DemoReport = { services, pending, takeover: undefined }
  const ports = new Map<string, number>()
  await Promise.all(
    names.map(async (name) => {
      const state = await waitForVerdict(stage, name, settled)
      signal.throwIfAborted()
      ports.set(name, state.port)
      if (state.addresses.length === 0) {
        pending.push({ name, reason: state.reason ?? 'nothing was said about it' })
        return
      }
      const replies = await Promise.all(
        state.addresses.map((address) => stage.reach(address, state.port, settled))
      )
      signal.throwIfAborted()
      const [address = ''] = state.addresses
      const node = await stage.answeringNode(address)
      if (node === undefined || replies.some((reply) => reply === undefined)) {
        pending.push({
          name,
          reason: `has ${state.addresses.join(', ')}, but no reply came through within ${SETTLE_TIMEOUT_MS / 1000} s`
        })
        return
      }
      const lastReplyMs = Math.max(...replies.map((reply) => reply ?? 0))
      services.push({
        name,
        addresses: state.addresses,
        node,
        firstReplyMs: Math.round(lastReplyMs - appliedAtMs)
      })
      show({ type: 'report', report })
    })
  )
  services.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
  show({ type: 'report', report })
  step(`${services.length} Services reached, ${pending.length} pending`)

  const victim = services[0]
  if (victim !== undefined) {
    report = {
      ...report,
      takeover: await pullAndPlug(stage, victim, ports.get(victim.name) ?? 80, show, step, signal)
    }
    show({ type: 'report', report })
  }
  const { router, nodeNames } = stage
  if (router === undefined) {
    step('BGP is left out: a router needs network namespaces')
    return report
  }
  const onReport = (bgp: BgpReport): void => {
    report = { ...report, bgp }
    show({ type: 'report', report })
  }
  await SecondAct.tell({ stage, router, nodes: nodeNames, show, step, onReport, signal })
  return report
}

async function pullAndPlug(
  stage: Stage,
  victim: ReachedService,
  port: number,
  show: (event: StoryEvent) => void,
  step: (text: string) => void,
  signal: AbortSignal
): Promise<Takeover | undefined> {
  const [address = ''] = victim.addresses
  show({
    type: 'begin',
    text: `pulling the cable of ${victim.node}, which answers for ${address} (${victim.name})`
  })
  const endLoad = await stage.startLoad(address, port)
  await stage.pullCable(victim.node)
  const newNode = await waitForNode(stage, address, (node) => node !== victim.node, signal)
  // The outage ends with an answer, not with a promise of one.
  await stage.reach(address, port, AbortSignal.any([signal, AbortSignal.timeout(TAKEOVER_TIMEOUT_MS)]))
  const outage = await endLoad()
  signal.throwIfAborted()
  if (newNode === undefined) return undefined
  step(
    `${newNode} took over ${address}; clients waited ${outage.gapMs} ms, ${outage.lostRequests} of ${outage.sentRequests} requests were lost`
  )

  show({ type: 'begin', text: `putting the cable of ${victim.node} back` })
  await stage.plugCable(victim.node)
  const backAt = await waitForNode(stage, address, (node) => node === victim.node, signal)
  step(backAt === undefined ? `${newNode} kept ${address}` : `${backAt} answers for ${address} again`)
  return { node: victim.node, newNode, gapMs: outage.gapMs, lostRequests: outage.lostRequests }
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
      setTimeout(resolve, 50)
    })
  }
  return undefined
}

/** Whether all that should be reachable was reached, and nothing else was. */
export function isSuccess(
  report: DemoReport,
  { nodeNames, router }: Stage,
  unsatisfiable: readonly string[]
): boolean {
  return (
    report.services.length > 0 &&
    report.pending.every(({ name }) => unsatisfiable.includes(name)) &&
    unsatisfiable.every((name) => report.pending.some((pending) => pending.name === name)) &&
    report.takeover !== undefined &&
    (router === undefined || (report.bgp !== undefined && isRouted(report.bgp, nodeNames.length)))
  )
}
