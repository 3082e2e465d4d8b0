import { isLabelKey, isLabelValue } from './label-syntax.ts'
import type { Selector } from './model.ts'

/** `metav1.LabelSelector`, as it comes in. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelSelectorRequirement[]
}

export interface LabelSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

export type CompiledSelector =
  | { readonly type: 'selector'; readonly selector: Selector }
  | {
      readonly type: 'invalid'
      readonly field: string
      readonly value: unknown
      readonly message: string
      readonly remedy: string
    }

type Labels = Readonly<Record<string, string>>
type Requirement = { readonly text: string; readonly matches: (labels: Labels) => boolean }

/** What is said of an entry that another one equals. */
export const DUPLICATE = 'is there twice'

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']

/** Compiles a label selector. An empty one matches everything. Duplicates inside it are refused, as MetalLB does. */
export function compileSelector(labelSelector: LabelSelector): CompiledSelector {
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(labelSelector.matchLabels ?? {})) {
    const problem =
      findKeyProblem(key, 'matchLabels') ?? findValueProblem([value], `matchLabels[${JSON.stringify(key)}]`)
    if (problem !== undefined) return problem
    requirements.push({ text: labelText(key, value), matches: (labels) => labels[key] === value })
  }
  const seen = new Set<string>()
  for (const [i, expression] of (labelSelector.matchExpressions ?? []).entries()) {
    const field = `matchExpressions[${i}]`
    const problem = findProblem(expression, field)
    if (problem !== undefined) return problem
    const requirement = compileRequirement(expression)
    if (seen.has(requirement.text)) {
      return {
        type: 'invalid',
        field,
        value: requirement.text,
        message: DUPLICATE,
        remedy: 'remove one of them'
      }
    }
    seen.add(requirement.text)
    requirements.push(requirement)
  }
  const text = requirements
    .map((requirement) => requirement.text)
    .toSorted()
    .join(',')
  return {
    type: 'selector',
    selector: {
      text,
      matches: (labels) => requirements.every((requirement) => requirement.matches(labels ?? {}))
    }
  }
}

/**
 * The selector as MetalLB tells it from others: with its expressions in the order that they are listed in. Values and
 * `matchLabels` have none.
 */
export function textAsListed({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => labelText(key, value))
  return [
    ...labels.toSorted(),
    ...matchExpressions.map((expression) => compileRequirement(expression).text)
  ].join(',')
}

/** The same selector, with each expression, and each value in it, once. */
export function withoutDuplicates({ matchExpressions = [], ...rest }: LabelSelector): LabelSelector {
  const expressions = new Map<string, LabelSelectorRequirement>()
  for (const expression of matchExpressions) {
    const values = [...new Set(expression.values)]
    const { key, operator } = expression
    expressions.set(JSON.stringify([key, operator, values.toSorted()]), { key, operator, values })
  }
  return { ...rest, matchExpressions: [...expressions.values()] }
}

function labelText(key: string, value: string): string {
  return `${key}=${value}`
}

function findProblem(
  { key, operator, values = [] }: LabelSelectorRequirement,
  field: string
): CompiledSelector | undefined {
  const invalid = (at: string, value: unknown, message: string, remedy: string): CompiledSelector => ({
    type: 'invalid',
    field: `${field}.${at}`,
    value,
    message,
    remedy
  })
  const badKey = findKeyProblem(key, `${field}.key`)
  if (badKey !== undefined) return badKey
  if (!OPERATORS.includes(operator))
    return invalid('operator', operator, 'is not an operator', `use one of ${OPERATORS.join(', ')}`)
  const needsValues = operator === 'In' || operator === 'NotIn'
  if (needsValues && values.length === 0)
    return invalid('values', values, `${operator} needs at least one value`, 'add the values')
  if (!needsValues && values.length > 0)
    return invalid('values', values, `${operator} takes no values`, 'remove them')
  const badValue = findValueProblem(values, `${field}.values`)
  if (badValue !== undefined) return badValue
  const duplicate = values.find((value, i) => values.indexOf(value) !== i)
  return duplicate === undefined ? undefined : invalid('values', duplicate, DUPLICATE, 'remove one of them')
}

function findKeyProblem(key: string, field: string): CompiledSelector | undefined {
  if (isLabelKey(key)) return undefined
  return {
    type: 'invalid',
    field,
    value: key,
    message: 'is not the key of a label',
    remedy: 'write it as example.com/name, or as name: letters, digits, -, _ and . (at most 63)'
  }
}

function findValueProblem(values: readonly string[], field: string): CompiledSelector | undefined {
  const value = values.find((text) => !isLabelValue(text))
  if (value === undefined) return undefined
  return {
    type: 'invalid',
    field,
    value,
    message: 'is not the value of a label',
    remedy: 'use letters, digits, -, _ and . (at most 63), a letter or digit at both ends'
  }
}

function compileRequirement({ key, operator, values = [] }: LabelSelectorRequirement): Requirement {
  const wanted = new Set(values)
  const sorted = values.toSorted().join(',')
  switch (operator) {
    case 'In':
      return {
        text: `${key} in (${sorted})`,
        matches: (labels) => Object.hasOwn(labels, key) && wanted.has(labels[key] ?? '')
      }
    case 'NotIn':
      return {
        text: `${key} notin (${sorted})`,
        matches: (labels) => !(Object.hasOwn(labels, key) && wanted.has(labels[key] ?? ''))
      }
    case 'Exists':
      return { text: key, matches: (labels) => Object.hasOwn(labels, key) }
    default:
      return { text: `!${key}`, matches: (labels) => !Object.hasOwn(labels, key) }
  }
}
