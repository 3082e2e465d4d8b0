import { isArray, isObject, type Json } from './json.ts'

type Step = (values: readonly Json[]) => readonly Json[]

const STEP =
  /\.((?:\\.|[^.[\\])+)|\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|(\*)|(-?\d+)|\?\(\s*@((?:\.(?:\\.|[^.\s=!<>\\])+)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^\s)]+))\s*\))\]/gy

/**
 * Compiles the simple JSONPath of printer columns: fields (`.a.b\.c`), indexes, `[*]` and filters that compare one field
 * with a literal. `undefined` for what it cannot read.
 */
export function compileJsonPath(path: string): ((value: Json) => readonly Json[]) | undefined {
  const text = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '')
  const steps: Step[] = []
  let end = 0
  for (const match of text.matchAll(STEP)) {
    steps.push(stepOf(match))
    end = match.index + match[0].length
  }
  if (end !== text.length) return undefined
  return (value) => steps.reduce<readonly Json[]>((values, step) => step(values), [value])
}

function stepOf(match: RegExpExecArray): Step {
  const [, dotted, single, double, star, index, filterPath, operator, ...literals] = match
  const name = dotted ?? single ?? double
  if (name === '*' || star !== undefined) return (values) => values.flatMap(childrenOf)
  if (name !== undefined) return fieldStep(name.replaceAll(/\\(.)/g, '$1'))
  if (index !== undefined)
    return (values) =>
      values.flatMap((value) => (isArray(value) ? value.slice(Number(index)).slice(0, 1) : []))
  const field = (filterPath ?? '')
    .split(/(?<!\\)\./)
    .slice(1)
    .map((part) => fieldStep(part.replaceAll(/\\(.)/g, '$1')))
  const literal = literals.find((text) => text !== undefined) ?? ''
  return (values) =>
    values.flatMap(childrenOf).filter((item) => {
      const found = field.reduce<readonly Json[]>((below, step) => step(below), [item])
      return (found.length > 0 && formatValue(found[0]) === literal) === (operator === '==')
    })
}

function formatValue(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function fieldStep(name: string): Step {
  return (values) =>
    values.flatMap((value): readonly Json[] => {
      const child = isObject(value) ? value[name] : undefined
      // Wrapped, so that an array stays one value.
      return child === undefined ? [] : [child]
    })
}

function childrenOf(value: Json): readonly Json[] {
  if (isArray(value)) return value
  return isObject(value) ? Object.values(value).filter((child) => child !== undefined) : []
}
