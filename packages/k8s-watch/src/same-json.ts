/** Whether two JSON values are the same. A field that is `undefined` is the same as one that is not there. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => isSameJson(item, b[index]))
  }
  return hasSameFields(a, b) && hasSameFields(b, a, 'presence')
}

function hasSameFields(a: object, b: object, compare: 'values' | 'presence' = 'values'): boolean {
  const other = new Map<string, unknown>(Object.entries(b))
  for (const [name, value] of Object.entries(a)) {
    if (value === undefined) continue
    const counterpart = other.get(name)
    if (counterpart === undefined) return false
    if (compare === 'values' && !isSameJson(value, counterpart)) return false
  }
  return true
}
