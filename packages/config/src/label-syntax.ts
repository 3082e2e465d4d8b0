const MAX_NAME_CHARACTERS = 63
const MAX_PREFIX_CHARACTERS = 253
const NAME = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Whether a label can have this key: a name, perhaps behind a DNS subdomain and a slash. */
export function isLabelKey(text: string): boolean {
  const [name = '', prefix, ...more] = text.split('/').toReversed()
  return isName(name) && (prefix === undefined || isSubdomain(prefix)) && more.length === 0
}

/** Whether a label can have this value: a name, or nothing. */
export function isLabelValue(text: string): boolean {
  return text === '' || isName(text)
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME_CHARACTERS && NAME.test(text)
}

function isSubdomain(text: string): boolean {
  return text.length <= MAX_PREFIX_CHARACTERS && SUBDOMAIN.test(text)
}
