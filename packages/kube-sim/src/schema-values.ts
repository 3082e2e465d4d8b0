import { type FieldProblem } from './api-error.ts'
import { booleanAt, type JsonObject, numberAt, stringAt } from './json.ts'
import { hasFormat } from './schema-formats.ts'

/** What is wrong with a string: its length, its pattern, its format. */
export function stringProblems(value: string, path: string, schema: JsonObject): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const invalid = (text: string): void => void problems.push(invalidValue(value, path, text))
  const length = Array.from(value).length
  const minLength = numberAt(schema, 'minLength')
  const maxLength = numberAt(schema, 'maxLength')
  if (minLength !== undefined && length < minLength) invalid(`should be at least ${minLength} chars long`)
  if (maxLength !== undefined && length > maxLength) {
    problems.push({
      type: 'FieldValueTooLong',
      field: path,
      message: `Too long: may not be more than ${maxLength} bytes`
    })
  }
  const pattern = stringAt(schema, 'pattern')
  if (pattern !== undefined && !compilePattern(pattern).test(value)) invalid(`should match '${pattern}'`)
  const format = stringAt(schema, 'format')
  if (format !== undefined && !hasFormat(value, format)) {
    problems.push({
      type: 'FieldValueTypeInvalid',
      field: path,
      message: invalidValue(value, path, `must be of type ${format}: ${JSON.stringify(value)}`).message
    })
  }
  return problems
}

/** What is wrong with a number. */
export function numberProblems(value: number, path: string, schema: JsonObject): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const invalid = (text: string): void => void problems.push(invalidValue(value, path, text))
  const minimum = numberAt(schema, 'minimum')
  const maximum = numberAt(schema, 'maximum')
  const step = numberAt(schema, 'multipleOf')
  if (minimum !== undefined) {
    if (booleanAt(schema, 'exclusiveMinimum') === true) {
      if (value <= minimum) invalid(`should be greater than ${minimum}`)
    } else if (value < minimum) invalid(`should be greater than or equal to ${minimum}`)
  }
  if (maximum !== undefined) {
    if (booleanAt(schema, 'exclusiveMaximum') === true) {
      if (value >= maximum) invalid(`should be less than ${maximum}`)
    } else if (value > maximum) invalid(`should be less than or equal to ${maximum}`)
  }
  if (step !== undefined && !Number.isInteger(value / step)) invalid(`should be a multiple of ${step}`)
  const format = stringAt(schema, 'format')
  if (format !== undefined && !hasFormat(value, format)) invalid(`must be of type ${format}: ${value}`)
  return problems
}

/** Whether an object has too few or too many fields. */
export function objectSizeProblems(size: number, path: string, schema: JsonObject): readonly FieldProblem[] {
  const minimum = numberAt(schema, 'minProperties')
  const maximum = numberAt(schema, 'maxProperties')
  if (minimum !== undefined && size < minimum)
    return [invalidValue(size, path, `should have at least ${minimum} properties`)]
  if (maximum === undefined || size <= maximum) return []
  return [
    {
      type: 'FieldValueTooMany',
      field: path,
      message: `Too many: ${size}: must have at most ${maximum} items`
    }
  ]
}

function invalidValue(value: string | number, path: string, text: string): FieldProblem {
  return {
    type: 'FieldValueInvalid',
    field: path,
    message: `Invalid value: ${JSON.stringify(value)}: ${path} in body ${text}`
  }
}

const patterns = new Map<string, RegExp>()

/** Patterns are RE2; what JavaScript cannot read matches everything. */
function compilePattern(pattern: string): RegExp {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    try {
      compiled = new RegExp(pattern, 'u')
    } catch {
      compiled = /(?:)/
    }
    patterns.set(pattern, compiled)
  }
  return compiled
}
