/** Unsigned 32-bit numbers from `first` to `last`, both included. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** The fewest ranges that hold exactly these numbers, sorted. */
export function toRanges(values: Iterable<number>): readonly NumberRange[] {
  const sorted = Uint32Array.from(values).sort()
  const ranges: NumberRange[] = []
  let first = sorted[0]
  if (first === undefined) return ranges
  let last = first
  for (const value of sorted) {
    if (value > last + 1) {
      ranges.push({ first, last })
      first = value
    }
    last = value
  }
  ranges.push({ first, last })
  return ranges
}

/** At most `limit` ranges that hold these and as little else as possible: the narrowest gaps are closed. */
export function coarsen(ranges: readonly NumberRange[], limit: number): readonly NumberRange[] {
  if (ranges.length <= limit) return ranges
  const gaps = ranges.slice(1).map((range, i) => range.first - (ranges[i]?.last ?? 0))
  const kept = new Set(
    gaps
      .map((gap, i) => ({ gap, i }))
      .toSorted((a, b) => b.gap - a.gap || a.i - b.i)
      .slice(0, Math.max(limit, 1) - 1)
      .map(({ i }) => i)
  )
  const merged: NumberRange[] = []
  let first = ranges[0]?.first ?? 0
  ranges.forEach((range, i) => {
    if (i !== ranges.length - 1 && !kept.has(i)) return
    merged.push({ first, last: range.last })
    first = ranges[i + 1]?.first ?? 0
  })
  return merged
}
