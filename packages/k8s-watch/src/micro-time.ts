/** A MicroTime of the API: RFC 3339 in UTC with six decimals. */
export function formatMicroTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace('Z', '000Z')
}

/** A Time of the API: RFC 3339 in UTC, whole seconds. */
export function formatTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
