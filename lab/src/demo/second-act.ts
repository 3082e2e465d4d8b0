import type { Outage } from '../client/prober.ts'
import type { RouterKind } from '../router/router.ts'
import type { PendingService, ServiceState, Stage, StoryEvent } from './story.ts'
import { waitForVerdict } from './verdict.ts'

export interface EstablishedSession {
  readonly node: string
  /** Address of the router. */
  readonly peer: string
  /** From `apply` to Established, milliseconds. */
  readonly establishedMs: number
}

/** A route in the router's kernel table. */
export interface TableRoute {
  readonly prefix: string
  readonly nextHops: readonly string[]
  /** The nodes that the next hops are of. */
  readonly nodes: readonly string[]
}

/** A Service that was reached from outside. */
export interface RoutedService {
  readonly name: string
  readonly addresses: readonly string[]
  /** The node whose backend gave the first reply of its first address. */
  readonly node: string
  /** The client's address as that backend saw it: with policy Local the client's own. */
  readonly client: string
  /** From `apply` to the first HTTP reply through its last address, milliseconds. */
  readonly firstReplyMs: number
}

export interface RouteFailover {
  readonly node: string
  /** From the cut to the moment the node was no next hop any more, milliseconds. */
  readonly nextHopGoneMs: number
  /** From the first request that was lost to the last one, milliseconds. */
  readonly gapMs: number
  readonly lostRequests: number
  readonly sentRequests: number
  /** From putting the cable back to the moment the node was a next hop again, milliseconds. */
  readonly nextHopBackMs: number
}

export interface BgpReport {
  readonly router: RouterKind
  /** Name and version; why it is no other one. */
  readonly description: string
  readonly sessions: readonly EstablishedSession[]
  readonly routes: readonly TableRoute[]
  readonly services: readonly RoutedService[]
  readonly pending: readonly PendingService[]
  readonly failover: RouteFailover | undefined
}

/** What the second act needs besides: a router on the segment, and a client behind it. Times are milliseconds since the epoch. */
export interface RouterStage {
  readonly kind: RouterKind
  /** @returns name and version of the router, and why it is no other one */
  start(): Promise<string>
  /** Applies the files of `examples/demo` about the router and returns the names of their Services. */
  applyExamples(): Promise<readonly string[]>
  /** Every session that there should be. */
  sessions(): Promise<
    readonly { readonly node: string; readonly peer: string; readonly establishedAtMs: number | undefined }[]
  >
  /** Resolves with `true` when every node says that BFD is up beside its sessions. */
  waitForBfd(signal: AbortSignal): Promise<boolean>
  /** Resolves when `isEnough` likes the nodes that a prefix is routed to, or with `undefined` when the signal aborts. */
  waitForRoute(
    prefix: string,
    isEnough: (nodes: readonly string[]) => boolean,
    signal: AbortSignal
  ): Promise<(TableRoute & { readonly atMs: number }) | undefined>
  /** The first whole reply to the client behind the router; `undefined` when the signal aborts. */
  reach(
    address: string,
    port: number,
    signal: AbortSignal
  ): Promise<{ readonly endedAt: number; readonly node: string; readonly client: string } | undefined>
  /** Requests of the client behind the router, without pause until the returned function is called. */
  startLoad(address: string, port: number): Promise<() => Promise<Outage>>
}

export interface SecondActOptions {
  readonly stage: Stage
  readonly router: RouterStage
  readonly nodes: readonly string[]
  readonly show: (event: StoryEvent) => void
  readonly step: (text: string) => void
  readonly onReport: (report: BgpReport) => void
  readonly signal: AbortSignal
}

const SETTLE_TIMEOUT_MS = 30_000
/** A node that was away waits before it calls again, and so does the router. */
const RETURN_TIMEOUT_MS = 60_000
const ASK_AGAIN_MS = 50

/** Routes to a router: sessions, next hops, replies from outside, and a node that is cut off. */
export class SecondAct {
  readonly #options: SecondActOptions
  readonly #appliedAtMs: number
  #report: BgpReport

  private constructor(options: SecondActOptions, report: BgpReport, appliedAtMs: number) {
    this.#options = options
    this.#report = report
    this.#appliedAtMs = appliedAtMs
  }

  static async tell(options: SecondActOptions): Promise<BgpReport> {
    const { router, show, step, signal } = options
    show({ type: 'begin', text: 'starting a router on the segment, and a client behind it' })
    const description = await router.start()
    step(`router: ${description}`)
    signal.throwIfAborted()
    show({ type: 'begin', text: 'applying examples/demo/*-bgp-*.yaml' })
    const nothing = { sessions: [], routes: [], services: [], pending: [], failover: undefined }
    const act = new SecondAct(options, { router: router.kind, description, ...nothing }, now())
    return act.#tell(await router.applyExamples())
  }

  async #tell(names: readonly string[]): Promise<BgpReport> {
    const { signal } = this.#options
    const settled = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_TIMEOUT_MS)])
    const reached = Promise.all(names.map(async (name) => this.#followService(name, settled)))
    await Promise.all([this.#waitForSessions(settled), reached])
    const states = (await reached).filter((state) => state !== undefined)
    signal.throwIfAborted()
    await this.#showRoutes(states, settled)
    signal.throwIfAborted()
    const local = states.find(({ name }) => isLocal(name))
    if (local !== undefined) await this.#cutOff(local)
    return this.#report
  }

  async #waitForSessions(signal: AbortSignal): Promise<void> {
    const { router, step } = this.#options
    const wanted = await this.#established(signal)
    const sessions = wanted.flatMap(({ node, peer, establishedAtMs }) =>
      establishedAtMs === undefined
        ? []
        : { node, peer, establishedMs: Math.max(0, Math.round(establishedAtMs - this.#appliedAtMs)) }
    )
    this.#update({ sessions })
    const slowest = Object.entries(Object.groupBy(sessions, ({ node }) => node)).map(
      ([node, of = []]) => `${node} ${Math.max(...of.map(({ establishedMs }) => establishedMs))} ms`
    )
    step(`BGP: ${sessions.length} of ${wanted.length} sessions established (${slowest.join(', ')})`)
    // Before that a node that vanishes is missed by the hold time only.
    if (await router.waitForBfd(signal)) step('BFD: up beside all of them, 3 × 100 ms')
  }

  async #established(signal: AbortSignal): ReturnType<RouterStage['sessions']> {
    for (;;) {
      const sessions = await this.#options.router.sessions()
      if (signal.aborted || sessions.every(({ establishedAtMs }) => establishedAtMs !== undefined))
        return sessions
      await pause(ASK_AGAIN_MS)
    }
  }

  /** From its address to a reply; one that gets neither is pending, with what is known. */
  async #followService(name: string, signal: AbortSignal): Promise<ServiceState | undefined> {
    const { stage, router } = this.#options
    const state = await waitForVerdict(stage, name, signal)
    if (state.addresses.length === 0) {
      this.#addPending(name, state.reason ?? 'nothing was said about it')
      return undefined
    }
    const replies = await Promise.all(
      state.addresses.map(async (address) => router.reach(address, state.port, signal))
    )
    const [first] = replies
    if (first === undefined || replies.includes(undefined)) {
      this.#addPending(name, `has ${state.addresses.join(', ')}, but no reply came through the router`)
      return undefined
    }
    const lastMs = Math.max(...replies.map((reply) => reply?.endedAt ?? 0))
    const { addresses } = state
    const { node, client } = first
    const firstReplyMs = Math.round(lastMs - this.#appliedAtMs)
    const services = [...this.#report.services, { name, addresses, node, client, firstReplyMs }]
    this.#update({ services: services.toSorted((a, b) => (a.name < b.name ? -1 : 1)) })
    return state
  }

  async #showRoutes(states: readonly ServiceState[], signal: AbortSignal): Promise<void> {
    const { router, nodes, step } = this.#options
    const { services } = this.#report
    const local = services.find(({ name }) => isLocal(name))
    const kept = local === undefined ? '' : `; the backend of ${local.name} saw the client as ${local.client}`
    step(`${services.length} Services reached from outside, through the router${kept}`)
    for (const { name, addresses } of states) {
      for (const address of addresses) {
        const isEnough = (hops: readonly string[]): boolean =>
          isLocal(name) ? hops.length > 1 : hops.length === nodes.length
        const route = await router.waitForRoute(prefixOf(address), isEnough, signal)
        if (route === undefined) continue
        const { atMs: _atMs, ...rest } = route
        this.#update({ routes: [...this.#report.routes, rest] })
        const why = isLocal(name) ? `${name}: only nodes with an endpoint` : name
        step(`kernel table of the router: ${rest.prefix} → ${rest.nodes.join(', ')} (${why})`)
      }
    }
  }

  /** Cuts off a node that requests go to, and puts it back. */
  async #cutOff({ name, addresses, port }: ServiceState): Promise<void> {
    const { stage, router, show, step, signal } = this.#options
    const [address = ''] = addresses
    const prefix = prefixOf(address)
    const node = this.#report.routes.find((route) => route.prefix === prefix)?.nodes[0]
    if (node === undefined) return
    show({ type: 'begin', text: `cutting off ${node}, a next hop of ${prefix} (${name})` })
    const endLoad = await router.startLoad(address, port)
    const cutAtMs = now()
    await stage.pullCable(node)
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_TIMEOUT_MS)])
    const gone = await router.waitForRoute(prefix, (hops) => !hops.includes(node), deadline)
    await router.reach(address, port, deadline)
    const outage = await endLoad()
    signal.throwIfAborted()
    if (gone === undefined) return
    const nextHopGoneMs = Math.round(gone.atMs - cutAtMs)
    step(
      `${node} was no next hop after ${nextHopGoneMs} ms (BFD, 3 × 100 ms); requests were lost for ${outage.lossMs} ms, ${outage.lostRequests} of ${outage.sentRequests}`
    )

    show({ type: 'begin', text: `putting the cable of ${node} back` })
    const backAtMs = now()
    await stage.plugCable(node)
    const comeBack = AbortSignal.any([signal, AbortSignal.timeout(RETURN_TIMEOUT_MS)])
    const back = await router.waitForRoute(prefix, (hops) => hops.includes(node), comeBack)
    signal.throwIfAborted()
    if (back === undefined) return
    const nextHopBackMs = Math.round(back.atMs - backAtMs)
    step(`${node} is a next hop again after ${nextHopBackMs} ms`)
    const { lossMs: gapMs, lostRequests, sentRequests } = outage
    this.#update({ failover: { node, nextHopGoneMs, gapMs, lostRequests, sentRequests, nextHopBackMs } })
  }

  #addPending(name: string, reason: string): void {
    this.#update({ pending: [...this.#report.pending, { name, reason }] })
  }

  #update(change: Partial<BgpReport>): void {
    this.#report = { ...this.#report, ...change }
    this.#options.onReport(this.#report)
  }
}

/** Whether every node has its sessions, every Service its routes, and the node that was cut off was left and used again. */
export function isRouted(
  { sessions, routes, services, pending, failover }: BgpReport,
  nodeCount: number
): boolean {
  return (
    // One of each family.
    sessions.length === 2 * nodeCount &&
    services.length > 0 &&
    pending.length === 0 &&
    routes.length === services.flatMap(({ addresses }) => addresses).length &&
    failover !== undefined
  )
}

/** The example with the policy Local is named after it: fewer nodes than there are serve it. */
function isLocal(name: string): boolean {
  return name.endsWith('-local')
}

function prefixOf(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
