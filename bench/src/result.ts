/** One measured figure beside what it should be. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** As text, with its comparison: `≤ 5`. */
  readonly goal: string
  readonly met: boolean
}

export interface BenchResult {
  readonly bench: string
  readonly figures: readonly Figure[]
}

/** A figure that should be at most `limit`. */
export function atMost(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value, unit, goal: `≤ ${limit}`, met: value <= limit }
}

/** A figure that should be less than `limit`. */
export function below(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value, unit, goal: `< ${limit}`, met: value < limit }
}

/** A figure that should be at least `limit`. */
export function atLeast(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value, unit, goal: `≥ ${limit}`, met: value >= limit }
}

/** A figure for reference: nothing is asked of it. */
export function reference(name: string, value: number, unit: string): Figure {
  return { name, value, unit, goal: '', met: true }
}

/** The value below which the fraction `q` of the values lies. @throws RangeError without values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  if (value === undefined) throw new RangeError('no values')
  return value
}

/** To two decimals, as figures are printed. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
