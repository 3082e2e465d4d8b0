/** The given fields of an object, those that it has: what is not read is not kept. */
export function pick<T extends object, Key extends keyof T>(
  object: T | undefined,
  ...keys: readonly Key[]
): Partial<Pick<T, Key>> {
  const picked: Partial<Pick<T, Key>> = {}
  for (const key of keys) if (object?.[key] !== undefined) picked[key] = object[key]
  return picked
}
