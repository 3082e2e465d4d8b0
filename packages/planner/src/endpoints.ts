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
  return nodes.size <= 1 ? sharedSummary(hasUsable, nodes) : { hasUsable, nodes }
}

/** Thousands of Services have their endpoints on one node, or none: they share what says so. */
const SHARED = new Map<string, ServiceEndpoints>()
const MAX_SHARED = 10_000

function sharedSummary(hasUsable: boolean, nodes: ReadonlySet<string>): ServiceEndpoints {
  const [node = ''] = nodes
  const id = `${hasUsable ? 'usable' : 'none'} ${node}`
  const known = SHARED.get(id)
  if (known !== undefined) return known
  const summary = { hasUsable, nodes }
  if (SHARED.size < MAX_SHARED) SHARED.set(id, summary)
  return summary
}

export function isSameEndpoints(a: ServiceEndpoints, b: ServiceEndpoints): boolean {
  return (
    a.hasUsable === b.hasUsable &&
    a.nodes.size === b.nodes.size &&
    [...a.nodes].every((node) => b.nodes.has(node))
  )
}
