import { Informer, type KubeClient, SECRETS, type V1Secret } from '@clarion-lb/k8s-watch'
import { MAX_CANDIDATES } from '@clarion-lb/planner'
import { describeError } from '@clarion-lb/runtime'
import type { Logger } from 'pino'
import type { Liveness } from './liveness.ts'
import { keysOf, LIVENESS_SECRET } from './liveness-keys.ts'
import { NodeNotices } from './node-notices.ts'
import type { LivenessSettings, PlaneEvent } from './plane/messages.ts'

export interface ProbedLivenessOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly node: string
  readonly port: number
  /** Multiplies all times. */
  readonly patience: number
  /** What tells who is alive while there is no key. */
  readonly fallback: Liveness
  readonly log: Logger
  /** @defaultValue 10,000 */
  readonly keyTimeoutMs?: number
}

const KEY_TIMEOUT_MS = 10_000
/** What a Lease says others know by then. */
const TOLD_WITHIN_MS = 1000
/** Who is gone for so long makes room among the first candidates, where there are more nodes than those. */
const FORGET_MS = 10_000
/** Names of deleted nodes are kept until there are more than this, and than nodes. */
const MAX_STRANGERS = 32

/**
 * Speakers probe each other in the plane, with a key from a Secret. Here is what that needs of the API server, and who was
 * ever heard: a node on which no speaker was is no candidate. Until there is a key, and if there is none for long, it is
 * the fallback that tells who is alive.
 */
export class ProbedLiveness implements Liveness {
  readonly name = 'liveness'
  readonly #options: ProbedLivenessOptions
  readonly #secrets: Informer<V1Secret>
  readonly #notices: NodeNotices
  /** Interfaces of this node that count as lost by now: as others know it. */
  #ownLost: readonly string[] = []
  #ownLostTimer: NodeJS.Timeout | undefined
  readonly #listeners: (() => void)[] = []
  /** Nodes whose speaker was ever heard, and whether it is there by the last verdict. */
  readonly #heard = new Map<string, { isAlive: boolean }>()
  readonly #forgetting = new Map<string, NodeJS.Timeout>()
  readonly #hasKeys = Promise.withResolvers<void>()
  #keys: readonly Uint8Array[] = []
  #isGathered = false
  #isFallingBack = false
  #isSecluded = false
  #failure: string | undefined

  constructor(options: ProbedLivenessOptions) {
    this.#options = options
    this.#heard.set(options.node, { isAlive: true })
    this.#secrets = new Informer({
      client: options.client,
      resource: SECRETS,
      namespace: options.namespace,
      fieldSelector: `metadata.name=${LIVENESS_SECRET}`
    })
    const { client, namespace, node, log } = options
    this.#notices = new NodeNotices({
      client,
      namespace,
      node,
      onChange: (name, { unpluggedLifeMs, lostInterfaces }) => {
        if (name === node) {
          this.#setOwnLost(lostInterfaces)
          return
        }
        if (unpluggedLifeMs !== undefined) log.warn({ node: name }, 'node tells that its cable is out')
        if (lostInterfaces.length > 0)
          log.warn({ node: name, lostInterfaces }, 'node tells of lost interfaces')
        this.#tell()
      },
      onProblem: ({ error }) =>
        log.warn({ error: describeError(error) }, 'the Leases of speakers cannot be followed')
    })
  }

  members(): ReadonlySet<string> | undefined {
    if (this.#isGathered) return new Set(this.#heard.keys())
    return this.#isFallingBack ? this.#options.fallback.members() : undefined
  }

  alive(): ReadonlySet<string> | undefined {
    if (!this.#isGathered) return this.#isFallingBack ? this.#options.fallback.alive() : undefined
    // Who hears nobody, or cannot listen, has no verdicts any more.
    if (this.#isSecluded || this.#failure !== undefined) return undefined
    return new Set([...this.#heard].flatMap(([name, { isAlive }]) => (isAlive ? name : [])))
  }

  /**
   * To be told the names of all nodes. A node that is deleted may be made again, and nobody hears of its speaker anew: so
   * names are forgotten only when they have become many.
   */
  retain(nodes: ReadonlySet<string>): void {
    const strangers = [...this.#heard.keys()].filter(
      (name) => name !== this.#options.node && !nodes.has(name)
    )
    if (strangers.length <= Math.max(MAX_STRANGERS, nodes.size)) return
    for (const name of strangers) {
      clearTimeout(this.#forgetting.get(name))
      this.#forgetting.delete(name)
      this.#heard.delete(name)
    }
  }

  settings(): Omit<LivenessSettings, 'members'> | undefined {
    const { port, patience } = this.#options
    return this.#keys.length === 0 ? undefined : { port, patience, keys: this.#keys }
  }

  unpluggedLives(): ReadonlyMap<string, number> {
    const lives = [...this.#notices.notices].flatMap(([name, { unpluggedLifeMs }]) =>
      unpluggedLifeMs === undefined ? [] : [[name, unpluggedLifeMs] as const]
    )
    return new Map(lives)
  }

  lostInterfaces(): ReadonlyMap<string, readonly string[]> {
    const lost = Array.from(this.#notices.notices, ([name, notice]) => [name, notice.lostInterfaces] as const)
    return new Map([...lost, [this.#options.node, this.#ownLost]])
  }

  tellLostInterfaces(names: readonly string[]): void {
    if (names.length > 0)
      this.#options.log.warn({ lostInterfaces: names }, 'interfaces to announce on are lost')
    this.#notices.tell({ lostInterfaces: names })
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  onPlaneEvent(event: PlaneEvent): void {
    this.#options.fallback.onPlaneEvent(event)
    switch (event.type) {
      case 'gathered':
        this.#failure = undefined
        this.#isGathered = true
        this.#tell()
        if (this.#isFallingBack) void this.#endFallback()
        return
      case 'livenessFailed':
        if (this.#failure === event.message) return
        this.#failure = event.message
        this.#options.log.error({ error: event.message }, 'nodes cannot be probed')
        this.#tell()
        return
      case 'seclusion':
        this.#isSecluded = event.seclusion !== 'connected'
        this.#tell()
        return
      case 'carrier':
        this.#notices.tell({ unpluggedLifeMs: event.unpluggedLifeMs })
        if (event.unpluggedLifeMs !== undefined) this.#unhearAll()
        return
      case 'liveness':
        if (event.event.type === 'alive') this.#noteAlive(event.event.detail.id)
        if (event.event.type === 'dead' || event.event.type === 'left') this.#noteGone(event.event.detail.id)
        return
      default:
    }
  }

  unreadyBecause(): string | undefined {
    if (this.#failure !== undefined) return `other nodes cannot be probed: ${this.#failure}`
    if (this.#keys.length > 0 || this.#isFallingBack) return undefined
    return `there is no key to probe other nodes with: Secret ${LIVENESS_SECRET}`
  }

  /** Resolves when there is a key, or the fallback has to do. */
  async start(signal: AbortSignal): Promise<void> {
    const { log, keyTimeoutMs = KEY_TIMEOUT_MS } = this.#options
    this.#secrets.onChange(({ type, object }) => {
      // A Secret that is gone takes nobody's key away: it may be about to be made again.
      if (type !== 'deleted') this.#setKeys(object)
    })
    this.#secrets.onProblem(({ error }) =>
      log.warn({ error: describeError(error) }, 'the Secret of liveness cannot be followed')
    )
    this.#secrets.start(signal)
    this.#notices.start(signal)
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, keyTimeoutMs)
    signal.addEventListener('abort', () => timeout.resolve(), { once: true })
    await Promise.race([this.#hasKeys.promise, timeout.promise])
    clearTimeout(timer)
    if (this.#keys.length > 0 || signal.aborted) return
    log.warn({ secret: LIVENESS_SECRET }, 'no key to probe other nodes with: their Leases tell who is alive')
    this.#isFallingBack = true
    this.#options.fallback.onChange(() => this.#tell())
    await this.#options.fallback.start(signal)
  }

  async stop(): Promise<void> {
    for (const timer of this.#forgetting.values()) clearTimeout(timer)
    this.#forgetting.clear()
    clearTimeout(this.#ownLostTimer)
    if (this.#isFallingBack) await this.#options.fallback.stop()
    await Promise.all([this.#secrets.stop(), this.#notices.stop()])
  }

  async #endFallback(): Promise<void> {
    this.#isFallingBack = false
    await this.#options.fallback.stop()
  }

  /**
   * All nodes are to order candidates alike: what others were not told does not count here either, and what works again counts
   * when they know of it. Of nodes that come back in one moment each would else be the first in its own eyes.
   */
  #setOwnLost(told: readonly string[]): void {
    clearTimeout(this.#ownLostTimer)
    this.#ownLost = [...new Set([...this.#ownLost, ...told])].toSorted()
    this.#ownLostTimer = setTimeout(() => {
      this.#ownLost = told
      this.#tell()
    }, TOLD_WITHIN_MS)
    this.#tell()
  }

  #setKeys(secret: V1Secret): void {
    const keys = keysOf(secret)
    if (keys.length === 0) {
      // The manifests make it empty, and the controller fills it.
      const level = Object.keys(secret.data ?? {}).length === 0 ? 'debug' : 'warn'
      this.#options.log[level]({ secret: LIVENESS_SECRET }, 'there is no usable key in the Secret')
      return
    }
    this.#keys = keys
    this.#hasKeys.resolve()
    this.#tell()
  }

  #noteAlive(node: string): void {
    clearTimeout(this.#forgetting.get(node))
    this.#forgetting.delete(node)
    if (this.#heard.get(node)?.isAlive === true && !this.#isSecluded) return
    this.#heard.set(node, { isAlive: true })
    // Somebody is heard: a thread that starts again does not tell that it was secluded before.
    this.#isSecluded = false
    this.#tell()
  }

  #noteGone(node: string): void {
    const heard = this.#heard.get(node)
    if (heard === undefined) return
    if (heard.isAlive) {
      heard.isAlive = false
      this.#tell()
    }
    if (this.#heard.size <= MAX_CANDIDATES) return
    clearTimeout(this.#forgetting.get(node))
    const forget = (): void => {
      this.#forgetting.delete(node)
      this.#heard.delete(node)
      this.#tell()
    }
    this.#forgetting.set(node, setTimeout(forget, FORGET_MS))
  }

  /** The failure detector ends, and the next one hears of everybody anew. */
  #unhearAll(): void {
    for (const [name, heard] of this.#heard) if (name !== this.#options.node) heard.isAlive = false
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
