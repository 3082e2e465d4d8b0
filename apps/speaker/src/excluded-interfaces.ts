import { createRequire } from 'node:module'
import { FlagError } from '@clarion-lb/runtime'
import type * as Yaml from 'yaml'

const KEY = 'announcedInterfacesToExclude'

/**
 * Reads MetalLB's `excludel2.yaml`: a list of regular expressions for names of interfaces.
 *
 * @returns the source of one expression for all, `undefined` if there are none
 * @throws FlagError for what is not such a file
 */
export function parseExcludedInterfaces(text: string, file: string): string | undefined {
  const { parse } = loadYaml()
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new FlagError(`${file}: not YAML`, { cause: error })
  }
  if (document === null || document === undefined) return undefined
  if (typeof document !== 'object' || Array.isArray(document))
    throw new FlagError(`${file}: the file is not a mapping`)
  const list: unknown = KEY in document ? document[KEY] : undefined
  if (list === null || list === undefined) return undefined
  if (!Array.isArray(list)) throw new FlagError(`${file}: ${KEY} is not a list`)
  const patterns = list.map((pattern: unknown) => {
    if (typeof pattern !== 'string')
      throw new FlagError(`${file}: ${KEY}: ${JSON.stringify(pattern)} is not text`)
    try {
      return new RegExp(pattern).source
    } catch (error) {
      throw new FlagError(`${file}: ${KEY}: ${pattern} is not a regular expression`, { cause: error })
    }
  })
  return patterns.length === 0 ? undefined : patterns.map((pattern) => `(?:${pattern})`).join('|')
}

/** Not before there is such a file. */
function loadYaml(): typeof Yaml {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- require() knows no types; this is the library's own
  const yaml: typeof Yaml = createRequire(import.meta.url)('yaml')
  return yaml
}
