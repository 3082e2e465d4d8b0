const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  // With the Greek letter in place of the micro sign.
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000
}

/** Milliseconds of a duration as Go writes it (`1m30s`); `undefined` if it is none. */
export function parseDurationMs(text: string): number | undefined {
  const unsigned = text.replace(/^\+/, '')
  if (unsigned === '0') return 0
  if (!/^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned)) return undefined
  let sum = 0
  for (const [, number, unit = ''] of unsigned.matchAll(/([\d.]+)([^\d.]+)/g))
    sum += Number(number) * (UNITS_MS[unit] ?? 0)
  return sum
}
