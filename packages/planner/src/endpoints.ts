/** What is read of a Kubernetes EndpointSlice. */
export interface EndpointSliceView {
  readonly endpoints?: readonly {
    readonly nodeName?: string | undefined
    readonly conditions?:
      | {
          readonly ready?: boolean | undefined
          readonly serving?: boolean | undefined
        }
      | undefined
  }[]
}

/** Where a Service's traffic can be taken. */
export interface ServiceEndpoints {
  readonly hasUsable: boolean
  /** Nodes with a usable endpoint. */
  readonly nodes: ReadonlySet<string>
}

/**
 * Usable is what is ready (or does not say), and what still serves while it terminates. An endpoint's addresses are not
 * looked at: with policy Local one without any still qualifies its node, as in MetalLB.
 */
export function summarizeEndpoints(slices: Iterable<EndpointSliceView>): ServiceEndpoints {
  const nodes = new Set<string>()
  let hasUsable = false
  for (const slice of slices) {
    for (const { nodeName, conditions } of slice.endpoints ?? []) {
      if (conditions?.ready === false && conditions.serving !== true) continue
      hasUsable = true
      if (nodeName !== undefined && nodeName !== '') nodes.add(nodeName)
    }
  }
  return { hasUsable, nodes }
}

export function isSameEndpoints(a: ServiceEndpoints, b: ServiceEndpoints): boolean {
  return (
    a.hasUsable === b.hasUsable &&
    a.nodes.size === b.nodes.size &&
    [...a.nodes].every((node) => b.nodes.has(node))
  )
}
