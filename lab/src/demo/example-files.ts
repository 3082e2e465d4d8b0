/** Files of `examples/demo` for the first act; the others need a router. */
export function isOfSegment(file: string): boolean {
  return !isOfRouter(file)
}

/** Files of `examples/demo` for the second act. */
export function isOfRouter(file: string): boolean {
  return file.includes('-bgp-')
}
