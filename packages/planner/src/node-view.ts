import { hash } from 'node:crypto'

/** What is known of a node. */
export interface NodeView {
  readonly name: string
  /** Condition `NetworkUnavailable` is True. */
  readonly isNetworkUnavailable: boolean
  /** Carries the label `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly isExcluded: boolean
  /**
   * Name of a pod of MetalLB's speaker that runs there, which announces by an election of its own: what it can announce is
   * left to it. `undefined`: there is none.
   */
  readonly rival?: string | undefined
  /** Of the interfaces that L2Advertisements name for it, those that nobody is reached by: down, without a cable, not there. */
  readonly lostInterfaces?: ReadonlySet<string> | undefined
  /** Its addresses are to be with others; `undefined`: they are not. */
  readonly maintenance?: NodeMaintenance | undefined
}

/** How far a node in maintenance has given up what it announces. Others have it all the same if nobody else can. */
export interface NodeMaintenance {
  /** Who asked for it, in words: `annotation clarion.io/maintenance`. */
  readonly because: string
  /** Of the addresses of layer 2, 0–1: at 0 none moves away yet, at 1 all do. Which, all nodes agree on. */
  readonly yieldedShare: number
  /** Routers had time to find other ways (RFC 8326): routes may go. */
  readonly isWithdrawn: boolean
}

/** Whether a node in maintenance gives up an address already. */
export function isYielded(view: NodeView | undefined, address: string): boolean {
  const share = view?.maintenance?.yieldedShare ?? 0
  if (share <= 0) return false
  // Evenly spread, and not as the election orders nodes.
  return (
    share >= 1 ||
    Number.parseInt(hash('sha256', `maintenance#${address}`, 'hex').slice(0, 8), 16) / 2 ** 32 < share
  )
}

/** Whether a node may announce anything, as far as its object says. */
export function isFit(view: NodeView, ignoreExcludeLabel: boolean): boolean {
  return !view.isNetworkUnavailable && (ignoreExcludeLabel || !view.isExcluded)
}
