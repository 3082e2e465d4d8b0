/** What two servers may choose as they like: it is replaced by a word that says what was there. */
const FREE: ReadonlyMap<string, (value: unknown) => unknown> = new Map(
  Object.entries<(value: unknown) => unknown>({
    uid: () => '<uid>',
    resourceVersion: () => '<version>',
    creationTimestamp: (value) => (value === null ? null : '<time>'),
    deletionTimestamp: () => '<time>',
    lastTransitionTime: () => '<time>',
    expirationTimestamp: () => '<time>',
    time: () => '<time>',
    continue: (value) => (value === '' ? '' : '<token>'),
    token: () => '<token>',
    clusterIP: (value) => addressWord(value),
    clusterIPs: (value) => (Array.isArray(value) ? value.map(addressWord) : value),
    nodePort: () => '<port>',
    // The order of what is wrong with several fields is left to chance.
    causes: (value) => (Array.isArray(value) ? value.map(normalForm).toSorted(byText) : value),
    healthCheckNodePort: () => '<port>'
  })
)

/** Who owns which field: compared where that is what a scenario is about. */
const OWNERS = 'managedFields'

/**
 * An answer, or an event, in the form in which two servers can be compared. The prose of refusals is left out: programs
 * go by status, reason and fields.
 */
export function normalForm(value: unknown): unknown {
  if (typeof value === 'string') return normalText(value)
  if (Array.isArray(value)) return value.map(normalForm)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== OWNERS && !(key === 'message' && isRefusal(value)))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, FREE.get(key)?.(inner) ?? normalForm(inner)])
  )
}

/** A `Status` that is no success, or one of its causes. */
function isRefusal(value: object): boolean {
  return ('kind' in value && value.kind === 'Status') || ('reason' in value && 'field' in value)
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function addressWord(value: unknown): unknown {
  if (typeof value !== 'string' || value === 'None' || value === '') return value
  return value.includes(':') ? '<IPv6 address>' : '<IPv4 address>'
}

/** Versions, times and made-up endings of names inside of messages. */
function normalText(text: string): string {
  return text
    .replaceAll(/(resource ?version[:=]? ?)[1-9]\d*( \(\d+\))?/gi, '$1<version>')
    .replaceAll(/(continue=)[^&]{20,}/g, '$1<token>')
    .replaceAll(/(current: ?)\d+/g, '$1<version>')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, '<uid>')
    .replaceAll(/\bgenerated-[a-z0-9]{5}\b/g, 'generated-<name>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
}
