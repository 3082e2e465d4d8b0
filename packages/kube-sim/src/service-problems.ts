import { type FieldProblem } from './api-error.ts'
import { type Json } from './json.ts'

/** The words of the API server for values that cannot be. */
export function invalid(field: string, value: Json | undefined, text: string): FieldProblem {
  return {
    type: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${JSON.stringify(value ?? null)}: ${text}`
  }
}

export function required(field: string): FieldProblem {
  return { type: 'FieldValueRequired', field, message: 'Required value' }
}

export function forbidden(field: string, text: string): FieldProblem {
  return { type: 'FieldValueForbidden', field, message: `Forbidden: ${text}` }
}

export function duplicate(field: string, value: string): FieldProblem {
  return { type: 'FieldValueDuplicate', field, message: `Duplicate value: ${value}` }
}

export function unsupported(
  field: string,
  value: Json | undefined,
  supported: readonly string[]
): FieldProblem {
  const values = supported.map((it) => JSON.stringify(it)).join(', ')
  return {
    type: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value ?? '')}: supported values: ${values}`
  }
}
