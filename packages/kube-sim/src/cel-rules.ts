import { type Environment, Optional, type ParseResult } from '@marcbachmann/cel-js'
import { type FieldProblem } from './api-error.ts'
import { createCelEnvironment } from './cel-environment.ts'
import { celValue } from './cel-values.ts'
import { isArray, isEqual, isObject, type Json, type JsonObject, stringAt } from './json.ts'
import { membersOf, type Place, typeName } from './schema-validation.ts'

interface Rule {
  readonly text: string
  readonly evaluate: ParseResult | undefined
  readonly compileError: string | undefined
  readonly message: string | undefined
  readonly messageExpression: ParseResult | undefined
  readonly reason: FieldProblem['type']
  readonly fieldPath: string
  /** A transition rule needs the old value. */
  readonly usesOld: boolean
  readonly hasOptionalOld: boolean
}

const REASONS: readonly FieldProblem['type'][] = [
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate'
]
let environment: Environment | undefined
/** Rules by the schema that they are part of: a schema is one object for as long as its definition lasts. */
const compiled = new WeakMap<JsonObject, readonly Rule[]>()

/** Evaluates the `x-kubernetes-validations` of a schema and of all schemas below it. */
export function evaluateRules(value: Json, place: Place): readonly FieldProblem[] {
  const { schema, old } = place
  if (value === null) return []
  const isUnchanged = old !== undefined && isEqual(value, old)
  const problems: FieldProblem[] = []
  for (const rule of rulesOf(schema)) {
    // An unchanged value passes, unless the rule is about the change.
    if (isUnchanged && !rule.usesOld) continue
    if (rule.usesOld && old === undefined && !rule.hasOptionalOld) continue
    const problem = evaluateRule(rule, value, place)
    if (problem !== undefined) problems.push(problem)
  }
  for (const [child, below] of membersOf(value, place)) problems.push(...evaluateRules(child, below))
  return problems
}

/** What is wrong with the rules of a schema themselves, with the path of each. */
export function checkRules(schema: JsonObject, path: string): readonly FieldProblem[] {
  const problems = rulesOf(schema).flatMap((rule, index): FieldProblem[] => {
    if (rule.compileError === undefined) return []
    const message = `Invalid value: ${JSON.stringify({ rule: rule.text })}: compilation failed: ${rule.compileError}`
    return [{ type: 'FieldValueInvalid', field: `${path}.x-kubernetes-validations[${index}].rule`, message }]
  })
  const below = (child: Json | undefined, childPath: string): readonly FieldProblem[] =>
    isObject(child) ? checkRules(child, childPath) : []
  const properties = schema['properties']
  if (isObject(properties))
    for (const [name, child] of Object.entries(properties))
      problems.push(...below(child, `${path}.properties[${name}]`))
  return [
    ...problems,
    ...below(schema['items'], `${path}.items`),
    ...below(schema['additionalProperties'], `${path}.additionalProperties`)
  ]
}

function rulesOf(schema: JsonObject): readonly Rule[] {
  const validations = schema['x-kubernetes-validations']
  if (!isArray(validations)) return []
  let rules = compiled.get(schema)
  if (rules === undefined) {
    rules = validations.filter(isObject).map(compileRule)
    compiled.set(schema, rules)
  }
  return rules
}

function compileRule(validation: JsonObject): Rule {
  const text = stringAt(validation, 'rule') ?? ''
  const reason = REASONS.find((known) => known === stringAt(validation, 'reason')) ?? 'FieldValueInvalid'
  const messageText = stringAt(validation, 'messageExpression')
  let evaluate: ParseResult | undefined
  let messageExpression: ParseResult | undefined
  let compileError: string | undefined
  environment ??= createCelEnvironment()
  try {
    evaluate = environment.parse(text)
    compileError = evaluate.check().error?.message
    messageExpression = messageText === undefined ? undefined : environment.parse(messageText)
  } catch (error) {
    compileError = errorText(error)
  }
  return {
    text,
    evaluate,
    compileError,
    message: stringAt(validation, 'message')?.trim(),
    messageExpression,
    reason,
    fieldPath: stringAt(validation, 'fieldPath') ?? '',
    usesOld: /\boldSelf\b/.test(text),
    hasOptionalOld: validation['optionalOldSelf'] === true
  }
}

function evaluateRule(rule: Rule, value: Json, { path, schema, old }: Place): FieldProblem | undefined {
  const field = `${path}${rule.fieldPath}`.replace(/^\./, '')
  const shown = JSON.stringify(stringAt(schema, 'type') ?? typeName(value))
  const problem = (text: string): FieldProblem => ({
    type: rule.reason,
    field: field === '' ? '<nil>' : field,
    message: describe(rule, shown, text)
  })
  const oldValue = old === undefined ? undefined : celValue(old, schema)
  const context = {
    self: celValue(value, schema),
    oldSelf: rule.hasOptionalOld
      ? oldValue === undefined
        ? Optional.none()
        : Optional.of(oldValue)
      : oldValue
  }
  try {
    if (rule.evaluate?.(context) === true) return undefined
    return problem(messageOf(rule, context))
  } catch (error) {
    return problem(`${errorText(error)} evaluating rule: ${rule.message ?? rule.text}`)
  }
}

function describe(rule: Rule, shown: string, text: string): string {
  if (rule.reason === 'FieldValueForbidden') return `Forbidden: ${text}`
  if (rule.reason === 'FieldValueRequired') return `Required value: ${text}`
  if (rule.reason === 'FieldValueDuplicate') return `Duplicate value: ${shown}`
  return `Invalid value: ${shown}: ${text}`
}

function messageOf(rule: Rule, context: { readonly self: unknown; readonly oldSelf: unknown }): string {
  const fallback = rule.message ?? `failed rule: ${rule.text}`
  if (rule.messageExpression === undefined) return fallback
  try {
    const text: unknown = rule.messageExpression(context)
    return typeof text === 'string' && text.trim() !== '' ? text.trim() : fallback
  } catch {
    return fallback
  }
}

/** The first line: the others show where in the expression. */
function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
