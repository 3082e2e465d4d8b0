import type { L2Advertisement as L2AdvertisementResource } from '@clarion-lb/crds'
import { choosePools } from './attachment.ts'
import type { L2Advertisement } from './model.ts'
import type { ParsedPool } from './pools.ts'
import type { Findings, ProblemList } from './problems.ts'
import type { Labelled } from './resources.ts'
import {
  type CompiledSelector,
  compileSelector,
  DUPLICATE,
  type LabelSelector,
  withoutDuplicates
} from './selector.ts'
import { compileSelectors, selectNames, warnOfDuplicates } from './selectors-of.ts'

/** The L2 advertisements of each pool, by name of the pool. One that says the same as another is attached once. */
export function attachL2Advertisements(
  advertisements: readonly L2AdvertisementResource[],
  pools: ReadonlyMap<string, ParsedPool>,
  nodes: readonly Labelled[],
  list: ProblemList
): Map<string, L2Advertisement[]> {
  const attached = new Map<string, Map<string, L2Advertisement>>()
  for (const resource of advertisements) {
    const findings = list.about('L2Advertisement', resource)
    findings.checkSchema('L2Advertisement')
    if (findings.hasErrors) continue
    const chosen = choosePools(resource.spec ?? {}, pools, findings)
    const advertisement = parseAdvertisement(resource.spec ?? {}, nodes, findings)
    if (findings.hasErrors) continue
    const identity = identityOf(advertisement)
    for (const pool of chosen) {
      const ofPool = attached.get(pool) ?? new Map<string, L2Advertisement>()
      if (!ofPool.has(identity)) ofPool.set(identity, advertisement)
      attached.set(pool, ofPool)
    }
  }
  return new Map(
    [...attached].map(([pool, ofPool]) => [
      pool,
      [...ofPool.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    ])
  )
}

function parseAdvertisement(
  spec: NonNullable<L2AdvertisementResource['spec']>,
  nodes: readonly Labelled[],
  findings: Findings
): L2Advertisement {
  const { interfaces = [], nodeSelectors, serviceSelectors, preferredNodeSelectors = [] } = spec
  warnOfDuplicates(interfaces, 'spec.interfaces', findings)
  const selectors = compileSelectors(nodeSelectors, 'spec.nodeSelectors', findings)
  const chosen = selectNames(selectors, nodes)
  if (selectors.length > 0 && nodes.length > 0 && chosen.size === 0) {
    findings.warning({
      field: 'spec.nodeSelectors',
      message: 'matches no node: nobody announces',
      remedy: 'label a node, or mend the selector'
    })
  }
  return {
    name: findings.name,
    nodes: chosen,
    interfaces: interfaces.length === 0 ? undefined : [...new Set(interfaces)],
    serviceSelectors: compileSelectors(serviceSelectors, 'spec.serviceSelectors', findings),
    preferenceScores: scoreNodes(
      preferredNodeSelectors,
      nodes.filter(({ name }) => chosen.has(name)),
      findings
    )
  }
}

function scoreNodes(
  preferences: NonNullable<NonNullable<L2AdvertisementResource['spec']>['preferredNodeSelectors']>,
  nodes: readonly Labelled[],
  findings: Findings
): Map<string, number> {
  const scores = new Map<string, number>()
  for (const [i, { weight, preference }] of preferences.entries()) {
    const field = `spec.preferredNodeSelectors[${i}].preference`
    const compiled = compilePreference(preference, field, findings)
    if (compiled.type === 'invalid') {
      findings.error({ ...compiled, field: `${field}.${compiled.field}` })
      continue
    }
    for (const { name, labels } of nodes) {
      if (compiled.selector.matches(labels)) scores.set(name, (scores.get(name) ?? 0) + weight)
    }
  }
  return scores
}

/** Duplicates are no errors here, other than in lists of selectors: MetalLB looks for them in those alone. */
function compilePreference(preference: LabelSelector, field: string, findings: Findings): CompiledSelector {
  const compiled = compileSelector(preference)
  if (compiled.type === 'selector' || compiled.message !== DUPLICATE) return compiled
  findings.warning({ ...compiled, field: `${field}.${compiled.field}` })
  return compileSelector(withoutDuplicates(preference))
}

/** Advertisements with preferences always stack, so that their weights add up. */
function identityOf({
  name,
  nodes,
  interfaces,
  serviceSelectors,
  preferenceScores
}: L2Advertisement): string {
  return JSON.stringify([
    [...nodes].toSorted(),
    interfaces?.toSorted() ?? '*',
    serviceSelectors.map(({ text }) => text).toSorted(),
    preferenceScores.size > 0 ? name : ''
  ])
}
