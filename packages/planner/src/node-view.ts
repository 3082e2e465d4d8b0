/** What is known of a node. */
export interface NodeView {
  readonly name: string
  /** Condition `NetworkUnavailable` is True. */
  readonly isNetworkUnavailable: boolean
  /** Carries the label `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly isExcluded: boolean
}
