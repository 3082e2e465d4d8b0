import { ApiError, type FieldProblem } from './api-error.ts'
import { evaluateRules } from './cel-rules.ts'
import { type JsonObject, without } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { type Strategy, type WriteContext } from './resource-type.ts'
import { defaultObject } from './schema-defaults.ts'
import { pruneObject } from './schema-pruning.ts'
import { validateValue } from './schema-validation.ts'

/** Problems after which the rules are not evaluated: they could fail for no other reason. */
const BLOCKING: readonly FieldProblem['type'][] = [
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueTooLong',
  'FieldValueTooMany'
]
const UNCHECKED: FieldProblem = {
  type: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
}

/** The rules of a custom resource in one version: unknown fields are removed, defaults filled in, the rest is validated. */
export function createCustomStrategy(schema: JsonObject): Strategy {
  // A schema without rules leaves none unchecked.
  const unchecked = JSON.stringify(schema).includes('"x-kubernetes-validations"') ? [UNCHECKED] : []
  const admit = (object: KubeObject, old: KubeObject | undefined, context: WriteContext): KubeObject => {
    const complete = defaultObject(pruneUnknown(object, schema, context), schema)
    const problems = validateObject(complete, old, schema, unchecked)
    if (problems.length > 0) throw ApiError.invalid(context.type, object.metadata.name, problems)
    return complete
  }
  return {
    create: (object, context) => admit(object, undefined, context),
    update: admit,
    updateStatus: admit
  }
}

function pruneUnknown(
  object: KubeObject,
  schema: JsonObject,
  { type, fieldValidation, warn }: WriteContext
): KubeObject {
  const { object: pruned, removed } = pruneObject(object, schema)
  if (removed.length === 0 || fieldValidation === 'Ignore') return pruned
  const texts = removed.map((field) => `unknown field "${field}"`)
  if (fieldValidation === 'Strict') {
    throw ApiError.badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${texts.join(', ')}`
    )
  }
  for (const text of texts) warn(text)
  return pruned
}

/** What a schema and its rules find in an object. What has not changed since `old` is not judged again. */
function validateObject(
  object: KubeObject,
  old: KubeObject | undefined,
  schema: JsonObject,
  unchecked: readonly FieldProblem[]
): readonly FieldProblem[] {
  // The version is part of the request, not of the change.
  const before =
    old === undefined ? undefined : { ...without(old, 'apiVersion'), apiVersion: object.apiVersion }
  const place = { path: '', schema, old: before }
  const problems = validateValue(object, place)
  if (problems.some(({ type }) => BLOCKING.includes(type))) return [...problems, ...unchecked]
  return [...problems, ...evaluateRules(object, place)]
}
