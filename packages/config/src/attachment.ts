import type { ParsedPool } from './pools.ts'
import type { Findings } from './problems.ts'
import type { LabelSelector } from './selector.ts'
import { compileSelectors, refuseDuplicates } from './selectors-of.ts'

/** How an advertisement says which pools it is for. */
export interface PoolChoice {
  readonly ipAddressPools?: readonly string[]
  readonly ipAddressPoolSelectors?: readonly LabelSelector[]
}

/** Names of the pools that an advertisement selects: by name or by label; all of them, if it says neither. */
export function choosePools(
  spec: PoolChoice,
  pools: ReadonlyMap<string, ParsedPool>,
  findings: Findings
): Set<string> {
  const { ipAddressPools: names = [], ipAddressPoolSelectors: selectors = [] } = spec
  refuseDuplicates(names, 'spec.ipAddressPools', findings)
  const compiled = compileSelectors(selectors, 'spec.ipAddressPoolSelectors', findings)
  if (names.length === 0 && selectors.length === 0) return new Set(pools.keys())
  for (const [i, name] of names.entries()) {
    if (pools.has(name)) continue
    findings.warning({
      field: `spec.ipAddressPools[${i}]`,
      value: name,
      message: 'there is no such pool, or it cannot be used',
      remedy: 'check the name, and the problems of the pool'
    })
  }
  const byLabel =
    compiled.length === 0
      ? []
      : [...pools.values()].filter(({ labels }) => compiled.some((selector) => selector.matches(labels)))
  if (byLabel.length === 0 && selectors.length > 0) {
    findings.warning({
      field: 'spec.ipAddressPoolSelectors',
      message: 'match no pool that can be used',
      remedy: 'label a pool, or mend the selectors'
    })
  }
  return new Set([...names.filter((name) => pools.has(name)), ...byLabel.map(({ name }) => name)])
}
