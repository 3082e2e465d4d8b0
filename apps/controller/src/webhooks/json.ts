/** What came as JSON, before anything is known of it. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Empty where there is no text. */
export function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? field : ''
}

/** A request that is none of those that an API server sends. */
export class BadReviewError extends Error {
  override readonly name = 'BadReviewError'
  readonly code = 'ERR_CONTROLLER_BAD_REVIEW'
}
