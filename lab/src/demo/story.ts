import type { Outage } from '../client/prober.ts'
import { drainNode, type Failover, killSpeaker, pullAndPlug } from './failovers.ts'
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

export type Takeover = Omit<Failover, 'cause'>

/** The document that `--json` prints. */
export interface DemoReport {
  readonly services: readonly ReachedService[]
  readonly pending: readonly PendingService[]
  /** After the cable was pulled. */
  readonly takeover: Takeover | undefined
  /** Each time that another node came to answer: after the cable was pulled, the speaker killed, the node drained. */
  readonly failovers: readonly Failover[]
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
  /** With SIGKILL. */
  killSpeaker(node: string): Promise<void>
  /** Resolves when it does its work again. */
  startSpeaker(node: string): Promise<void>
  /** On: nothing new is scheduled there, and its addresses are to move away. */
  setMaintenance(node: string, state: 'on' | 'off'): Promise<void>
  stop(): Promise<void>
}

const SETTLE_TIMEOUT_MS = 30_000
/** The cable, the speaker, the node. */
const FAILOVERS = 3

/**
 * Tells the whole story once: addresses, first replies, a pulled cable, a killed speaker, a drained node; then the same with
 * a router.
 */
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
  let report: DemoReport = { services, pending, takeover: undefined, failovers: [] }
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
    const context = { stage, show, step, signal }
    const target = { address: victim.addresses[0] ?? '', port: ports.get(victim.name) ?? 80 }
    const note = (failover: Failover | undefined): void => {
      if (failover === undefined) return
      const { cause, ...takeover } = failover
      const failovers = [...report.failovers, failover]
      report = { ...report, failovers, ...(cause === 'cableOut' ? { takeover } : {}) }
      show({ type: 'report', report })
    }
    note(await pullAndPlug(context, target, victim.name))
    note(await killSpeaker(context, target))
    note(await drainNode(context, target))
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
    report.failovers.length === FAILOVERS &&
    (router === undefined || (report.bgp !== undefined && isRouted(report.bgp, nodeNames.length)))
  )
}
