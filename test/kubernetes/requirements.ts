import { type ProgramName, planPrograms } from '@clarion-lb/lab/kubernetes'

/**
 * Why tests that need these programs cannot run here; `undefined` if they can. The reason is printed. Where nothing may be
 * skipped (`CLARION_FORBID_SKIP=1`), it is an error.
 *
 * @throws Error
 */
export async function skipReason(programs: readonly ProgramName[]): Promise<string | undefined> {
  const reason = await findReason(programs)
  if (reason === undefined) return undefined
  if (process.env['CLARION_FORBID_SKIP'] === '1') throw new Error(`cannot run here: ${reason}`)
  process.stderr.write(`skipped: ${reason}\n`)
  return reason
}

async function findReason(programs: readonly ProgramName[]): Promise<string | undefined> {
  const plan = await planPrograms(programs)
  if (plan.type === 'refused') return plan.reason
  const missing = plan.missing.flatMap(({ wanted }) => wanted)
  return missing.length === 0
    ? undefined
    : `not built yet: ${missing.join(', ')}; npm run test:kubernetes builds them`
}
