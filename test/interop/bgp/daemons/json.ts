/** Reading what daemons print as JSON, whose shape nobody warrants. */

/** A member of an object; `undefined` for whatever is no object. */
export function member(value: unknown, ...names: readonly string[]): unknown {
  let found = value
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Reflect.get(found, name)
  }
  return found
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** @throws SyntaxError with the text, if it is no JSON */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (cause) {
    throw new SyntaxError(`no JSON: ${text.slice(0, 500)}`, { cause })
  }
}

/** AS numbers in a text like `64501 64502`. */
export function asnsOf(text: string): readonly number[] {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits))
}

/** What is between spaces. */
export function wordsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}
