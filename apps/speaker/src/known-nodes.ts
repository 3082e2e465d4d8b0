import type { ObjectChange, V1Node } from '@clarion-lb/k8s-watch'
import type { NodeView } from '@clarion-lb/planner'
import { askedMaintenanceOf, type MaintenanceRules } from './asked-maintenance.ts'
import { Maintenance } from './maintenance.ts'
import { nodeViewOf } from './node-view.ts'

export interface KnownNodesOptions extends MaintenanceRules {
  /** Name of this node. */
  readonly node: string
  /** Multiplies all times. @defaultValue 1 */
  readonly patience?: number | undefined
  /** `undefined`: the node is gone. */
  readonly onView: (node: string, view: NodeView | undefined) => void
  /** Whether routers are to prefer other nodes than this one. */
  readonly onGracefulShutdown: (isGraceful: boolean) => void
}

/** What the planner is told of nodes: their objects, how far their maintenance is, MetalLB's speakers on them, lost interfaces. */
export class KnownNodes {
  readonly #options: KnownNodesOptions
  readonly #maintenance: Maintenance
  readonly #views = new Map<string, NodeView>()
  #rivals: ReadonlyMap<string, string> = new Map()
  #lostInterfaces: ReadonlyMap<string, ReadonlySet<string>> = new Map()

  constructor(options: KnownNodesOptions) {
    this.#options = options
    this.#maintenance = new Maintenance({
      patience: options.patience,
      onChange: (name, maintenance) => {
        const view = this.#views.get(name)
        if (view !== undefined) this.#tell({ ...view, maintenance })
      }
    })
  }

  apply({ type, object }: Pick<ObjectChange<V1Node>, 'type' | 'object'>): void {
    const name = object.metadata?.name ?? ''
    const { node, onView, onGracefulShutdown } = this.#options
    const asked = type === 'deleted' ? undefined : askedMaintenanceOf(object, this.#options)
    if (name === node) onGracefulShutdown(asked !== undefined)
    if (type === 'deleted') {
      this.#maintenance.forget(name)
      this.#views.delete(name)
      onView(name, undefined)
      return
    }
    const maintenance = this.#maintenance.update(name, asked, type === 'added')
    const [rival, lostInterfaces] = [this.#rivals.get(name), this.#lostInterfaces.get(name)]
    this.#tell({ ...nodeViewOf(object), maintenance, rival, lostInterfaces })
  }

  /** Pods of MetalLB's speakers, by node. */
  setRivals(rivals: ReadonlyMap<string, string>): void {
    this.#rivals = rivals
    for (const view of this.#views.values()) {
      const rival = rivals.get(view.name)
      if (view.rival !== rival) this.#tell({ ...view, rival })
    }
  }

  /** By node: interfaces that it cannot announce on. */
  setLostInterfaces(lost: ReadonlyMap<string, readonly string[]>): void {
    const known = this.#lostInterfaces
    const isSame = (name: string): boolean =>
      [...(known.get(name) ?? [])].join() === [...(lost.get(name) ?? [])].join()
    this.#lostInterfaces = new Map(Array.from(lost, ([name, names]) => [name, new Set(names)] as const))
    for (const view of this.#views.values())
      if (!isSame(view.name)) this.#tell({ ...view, lostInterfaces: this.#lostInterfaces.get(view.name) })
  }

  stop(): void {
    this.#maintenance.stop()
  }

  #tell(view: NodeView): void {
    this.#views.set(view.name, view)
    this.#options.onView(view.name, view)
  }
}
