/** How a binary is started, as the first line of its main module says. */
export interface FirstLine {
  /** Environment variables. */
  readonly env: Readonly<Record<string, string>>
  /** Arguments of Node before the module. */
  readonly nodeArguments: readonly string[]
}

/**
 * Reads `#!/usr/bin/env -S NAME=value … node --flag …`.
 *
 * @throws SyntaxError when a main module begins otherwise
 */
export function parseFirstLine(source: string): FirstLine {
  const [line = ''] = source.split('\n', 1)
  const words = /^#!\/usr\/bin\/env -S (.+)$/.exec(line)?.[1]?.split(' ') ?? []
  const node = words.indexOf('node')
  if (node < 0) throw new SyntaxError(`does not start Node by env -S: ${line}`)
  return {
    env: Object.fromEntries(
      words.slice(0, node).map((word) => {
        const cut = word.indexOf('=')
        if (cut < 1) throw new SyntaxError(`not a variable: ${word}`)
        return [word.slice(0, cut), word.slice(cut + 1)]
      })
    ),
    nodeArguments: words.slice(node + 1)
  }
}
