import type { Config } from '@clarion-lb/config'
import { isSameEndpoints, type ServiceEndpoints } from './endpoints.ts'
import { decideL2, isCandidate, type L2Decision, type L2Snapshot, type NodeView } from './l2-election.ts'
import { PoolIndex } from './pool-index.ts'
import { type ServiceView, serviceKey } from './service.ts'

export interface L2PlannerOptions {
  /** The node that it decides for. */
  readonly node: string
  readonly ignoreExcludeLabel?: boolean
}

/** A decision that is another than before. */
export interface L2Change {
  /** `namespace/name` of the Service. */
  readonly key: string
  readonly before: L2Decision | undefined
  /** `undefined`: the Service is gone. */
  readonly after: L2Decision | undefined
}

interface Known {
  readonly service: ServiceView
  readonly endpoints: ServiceEndpoints
  readonly decision: L2Decision | undefined
}

/**
 * What this node announces, kept up to date change by change: one Service's change looks at that Service, a node that
 * leaves at the Services that it announced. Nothing is decided before {@link L2Planner.setConfig} was called.
 */
export class L2Planner {
  readonly #node: string
  readonly #ignoreExcludeLabel: boolean
  readonly #services = new Map<string, Known>()
  /** Keys of the Services that a node announces. */
  readonly #announced = new Map<string, Set<string>>()
  readonly #nodes = new Map<string, NodeView>()
  #members: ReadonlySet<string> | undefined
  #pools: PoolIndex | undefined

  constructor({ node, ignoreExcludeLabel = false }: L2PlannerOptions) {
    this.#node = node
    this.#ignoreExcludeLabel = ignoreExcludeLabel
  }

  /** Number of Services that are known. */
  get size(): number {
    return this.#services.size
  }

  decisionOf(key: string): L2Decision | undefined {
    return this.#services.get(key)?.decision
  }

  setService(service: ServiceView, endpoints: ServiceEndpoints): readonly L2Change[] {
    const key = serviceKey(service)
    const known = this.#services.get(key)
    if (known?.service === service && isSameEndpoints(known.endpoints, endpoints)) return []
    this.#services.set(key, { service, endpoints, decision: known?.decision })
    return this.#decide([key])
  }

  removeService(key: string): readonly L2Change[] {
    const known = this.#services.get(key)
    if (known === undefined) return []
    this.#services.delete(key)
    this.#note(key, known.decision, undefined)
    return known.decision === undefined ? [] : [{ key, before: known.decision, after: undefined }]
  }

  setConfig(config: Pick<Config, 'pools'>): readonly L2Change[] {
    this.#pools = new PoolIndex(config.pools)
    return this.#decide([...this.#services.keys()])
  }

  /** `undefined`: the node's object is gone. */
  setNode(name: string, node: NodeView | undefined): readonly L2Change[] {
    const was = this.#isCandidate(name)
    if (node === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, node)
    return this.#decide(this.#touchedBy([[name, was]]))
  }

  /** `undefined`: every known node is alive. */
  setMembers(members: ReadonlySet<string> | undefined): readonly L2Change[] {
    const names = new Set([...(this.#members ?? []), ...(members ?? []), ...this.#nodes.keys()])
    const before = [...names].map((name) => [name, this.#isCandidate(name)] as const)
    this.#members = members
    return this.#decide(this.#touchedBy(before))
  }

  /** Services whose announcer may be another now: all, if a node came to be a candidate; else those of the ones that left. */
  #touchedBy(before: readonly (readonly [name: string, wasCandidate: boolean])[]): readonly string[] {
    const changed = before.filter(([name, was]) => was !== this.#isCandidate(name))
    if (changed.some(([, was]) => !was)) return [...this.#services.keys()]
    return changed.flatMap(([name]) => [...(this.#announced.get(name) ?? [])])
  }

  #isCandidate(name: string): boolean {
    const { nodes, members, ignoreExcludeLabel } = this.#snapshotParts()
    return isCandidate({ nodes, members, ignoreExcludeLabel }, name)
  }

  #snapshotParts(): Omit<L2Snapshot, 'pools'> {
    return { nodes: this.#nodes, members: this.#members, ignoreExcludeLabel: this.#ignoreExcludeLabel }
  }

  #decide(keys: readonly string[]): readonly L2Change[] {
    const pools = this.#pools
    if (pools === undefined) return []
    const snapshot = { pools, ...this.#snapshotParts() }
    const changes: L2Change[] = []
    for (const key of keys) {
      const known = this.#services.get(key)
      if (known === undefined) continue
      const before = known.decision
      const after = decideL2(this.#node, known.service, known.endpoints, snapshot)
      this.#note(key, before, after)
      this.#services.set(key, { ...known, decision: after })
      if (before === undefined || !isSameDecision(before, after)) changes.push({ key, before, after })
    }
    return changes
  }

  /** Keeps the index of announcers. */
  #note(key: string, before: L2Decision | undefined, after: L2Decision | undefined): void {
    if (before?.announcer === after?.announcer) return
    if (before?.announcer !== undefined) {
      const keys = this.#announced.get(before.announcer)
      keys?.delete(key)
      if (keys?.size === 0) this.#announced.delete(before.announcer)
    }
    if (after?.announcer === undefined) return
    const keys = this.#announced.get(after.announcer) ?? new Set()
    keys.add(key)
    this.#announced.set(after.announcer, keys)
  }
}

function isSameDecision(a: L2Decision, b: L2Decision): boolean {
  if (a.announcer !== b.announcer) return false
  if (a.outcome === 'withhold' || b.outcome === 'withhold')
    return a.outcome === 'withhold' && b.outcome === 'withhold' && a.reason === b.reason
  return (
    a.pool === b.pool &&
    a.addresses.join() === b.addresses.join() &&
    a.interfaces?.join() === b.interfaces?.join() &&
    (a.interfaces === undefined) === (b.interfaces === undefined)
  )
}
