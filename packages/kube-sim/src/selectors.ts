import { ApiError } from './api-error.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { type KubeObject } from './kube-object.ts'

/** Tells whether an object is selected. */
export type Selector = (object: KubeObject) => boolean

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean

const NO_LABELS: Readonly<Record<string, string>> = {}
const SET = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^()]*)\)$/
const EQUALITY = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/
const ORDER = /^([^\s!=,()<>]+)\s*([<>])\s*(-?\d+)$/
const EXISTS = /^(!?)\s*([^\s!=,()<>]+)$/

/**
 * Parses a label selector: equality (`a=b`, `a!=b`), sets (`a in (b,c)`, `a notin (b)`), presence (`a`, `!a`).
 * `undefined` selects everything.
 *
 * @throws {@link ApiError} BadRequest
 */
export function parseLabelSelector(text: string | undefined): Selector | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const tests = splitRequirements(text).map(parseRequirement)
  return (object) => {
    const labels = object.metadata.labels ?? NO_LABELS
    return tests.every((test) => test(labels))
  }
}

/** Commas inside parentheses separate values, the others separate requirements. */
function splitRequirements(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, index).trim())
      start = index + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

function parseRequirement(text: string): LabelTest {
  const set = SET.exec(text)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    return operator === 'in'
      ? (labels) => labels[key] !== undefined && values.has(labels[key])
      : (labels) => labels[key] === undefined || !values.has(labels[key])
  }
  const equality = EQUALITY.exec(text)
  if (equality !== null) {
    const [, key = '', operator, value] = equality
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value
  }
  const order = ORDER.exec(text)
  if (order !== null) {
    const [, key = '', operator, bound] = order
    return (labels) => {
      const value = Number.parseInt(labels[key] ?? '', 10)
      return operator === '>' ? value > Number(bound) : value < Number(bound)
    }
  }
  const exists = EXISTS.exec(text)
  if (exists === null) throw ApiError.badRequest(`unable to parse requirement: ${JSON.stringify(text)}`)
  const [, not, key = ''] = exists
  return not === '' ? (labels) => labels[key] !== undefined : (labels) => labels[key] === undefined
}

/**
 * Parses a field selector. A term compares the text of one field with a value.
 *
 * @param text `path=value`, `path==value` or `path!=value`, joined by commas.
 * @param known Further paths that the resource can be selected by, besides `metadata.name` and `metadata.namespace`.
 * @throws {@link ApiError} BadRequest for other paths and broken syntax.
 */
export function parseFieldSelector(text: string | undefined, known: readonly string[]): Selector | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const tests = text.split(',').map((term): Selector => {
    const match = /^\s*([^=!\s]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term)
    if (match === null) throw ApiError.badRequest(`invalid field selector: ${JSON.stringify(term)}`)
    const [, path = '', operator, value] = match
    if (path !== 'metadata.name' && path !== 'metadata.namespace' && !known.includes(path)) {
      throw ApiError.badRequest(`field label not supported: ${path}`)
    }
    const steps = path.split('.')
    return (object) => (fieldText(object, steps) === value) === (operator !== '!=')
  })
  return (object) => tests.every((test) => test(object))
}

function fieldText(object: JsonObject, steps: readonly string[]): string {
  let current: Json | undefined = object
  for (const step of steps) current = isObject(current) ? current[step] : undefined
  return current === undefined || current === null || typeof current === 'object' ? '' : String(current)
}

/** Both, or the one that is there. */
export function allOf(...selectors: readonly (Selector | undefined)[]): Selector | undefined {
  const present = selectors.filter((selector) => selector !== undefined)
  if (present.length <= 1) return present[0]
  return (object) => present.every((selector) => selector(object))
}
