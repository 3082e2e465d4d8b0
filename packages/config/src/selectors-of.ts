import type { Selector } from './model.ts'
import type { Finding, Findings } from './problems.ts'
import type { Labelled } from './resources.ts'
import { compileSelector, DUPLICATE, type LabelSelector, textAsListed } from './selector.ts'

/** Compiles a list of selectors, of which one match is enough. What is wrong is noted; duplicates are errors. */
export function compileSelectors(
  labelSelectors: readonly LabelSelector[] | undefined,
  field: string,
  findings: Findings
): Selector[] {
  const selectors: Selector[] = []
  const seen = new Set<string>()
  for (const [i, labelSelector] of (labelSelectors ?? []).entries()) {
    const compiled = compileSelector(labelSelector)
    if (compiled.type === 'invalid') {
      findings.error({ ...compiled, field: `${field}[${i}].${compiled.field}` })
      continue
    }
    const text = textAsListed(labelSelector)
    if (seen.has(text)) {
      findings.error({
        field: `${field}[${i}]`,
        value: text,
        message: DUPLICATE,
        remedy: 'remove one of them'
      })
    }
    seen.add(text)
    selectors.push(compiled.selector)
  }
  return selectors
}

/** Names of the objects that one of the selectors matches; of all of them, if there is no selector. */
export function selectNames(selectors: readonly Selector[], objects: readonly Labelled[]): Set<string> {
  const chosen =
    selectors.length === 0
      ? objects
      : objects.filter(({ labels }) => selectors.some((selector) => selector.matches(labels)))
  return new Set(chosen.map(({ name }) => name))
}

/** Notes entries that are in a list of names more than once. */
export function refuseDuplicates(
  names: readonly string[] | undefined,
  field: string,
  findings: Findings
): void {
  for (const finding of duplicatesIn(names ?? [], field)) findings.error(finding)
}

/** The same, where the list means what it would mean without them. */
export function warnOfDuplicates(names: readonly string[], field: string, findings: Findings): void {
  for (const finding of duplicatesIn(names, field)) findings.warning(finding)
}

function duplicatesIn(names: readonly string[], field: string): readonly Finding[] {
  const seen = new Set<string>()
  return names.flatMap((name, i) => {
    if (seen.has(name))
      return { field: `${field}[${i}]`, value: name, message: DUPLICATE, remedy: 'remove one of them' }
    seen.add(name)
    return []
  })
}
