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
  // A gap and its place in one number, since typed arrays sort much faster than objects: of equal gaps the first is kept.
  const gaps = Float64Array.from(ranges.slice(1), (range, i) => {
    const gap = range.first - (ranges[i]?.last ?? 0)
    return gap * ranges.length + (ranges.length - 1 - i)
  }).sort()
  const kept = new Set<number>()
  for (const gap of gaps.subarray(gaps.length - Math.max(limit, 1) + 1))
    kept.add(ranges.length - 1 - (gap % ranges.length))
  const merged: NumberRange[] = []
  let first = ranges[0]?.first ?? 0
  ranges.forEach((range, i) => {
    if (i !== ranges.length - 1 && !kept.has(i)) return
    merged.push({ first, last: range.last })
    first = ranges[i + 1]?.first ?? 0
  })
  return merged
}

/** These, widened to whole blocks of 2^`bits` numbers. */
export function toBlocks(ranges: readonly NumberRange[], bits: number): readonly NumberRange[] {
  const size = 2 ** bits
  const blocks: NumberRange[] = []
  for (const { first, last } of ranges) {
    const block = { first: first - (first % size), last: last - (last % size) + size - 1 }
    const before = blocks.at(-1)
    if (before === undefined || before.last + 1 < block.first) blocks.push(block)
    else blocks[blocks.length - 1] = { first: before.first, last: block.last }
  }
  return blocks
}

/** Whether one of the ranges, which are sorted and apart, holds the number. */
export function hold(ranges: readonly NumberRange[], value: number): boolean {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.last ?? 0) < value) low = middle + 1
    else high = middle
  }
  const range = ranges[low]
  return range !== undefined && range.first <= value
}
