/**
 * Whether `a` is older than `b`. Versions are decimal numbers of any size; for others the answer is no, since nothing
 * can be said.
 */
export function isOlderVersion(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length === right.length ? left < right : left.length < right.length
}
