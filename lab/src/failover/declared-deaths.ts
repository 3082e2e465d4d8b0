import { readFile } from 'node:fs/promises'
import type { FailoverCase } from './cases.ts'

/** A verdict of one speaker on another, from its log. */
export interface DeclaredDeath {
  /** Names of nodes. */
  readonly by: string
  readonly node: string
  /** The line of the log: when, who else accused, and why. */
  readonly line: string
}

const MESSAGE = 'node declared dead'

/** All verdicts in the logs of speakers, by node, in order of time for each. */
export async function readDeaths(logFiles: ReadonlyMap<string, string>): Promise<readonly DeclaredDeath[]> {
  const all = await Promise.all(
    [...logFiles].map(async ([by, file]) => deathsIn(by, await readFile(file, 'utf8').catch(() => '')))
  )
  return all.flat()
}

/** Those in the log of one speaker. What is no line of the log is passed over. */
export function deathsIn(by: string, log: string): readonly DeclaredDeath[] {
  return log.split('\n').flatMap((line) => {
    if (!line.includes(MESSAGE)) return []
    const [, node] = /"node":"([^"]+)"/.exec(line) ?? []
    return node === undefined ? [] : [{ by, node, line }]
  })
}

/** Those of these verdicts that are wrong, when this is what happened to the victim. */
export function falseOf(
  deaths: readonly DeclaredDeath[],
  { mayDie }: Pick<FailoverCase, 'mayDie'>,
  victim: string
): readonly DeclaredDeath[] {
  if (mayDie === 'everybody') return []
  return deaths.filter(({ by, node }) => mayDie === 'nobody' || (node !== victim && by !== victim))
}
