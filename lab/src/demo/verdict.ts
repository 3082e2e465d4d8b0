import type { ServiceState, Stage } from './story.ts'

const REASON_LASTS_MS = 1000

/** An address, or a reason that lasts: pools and Services that are applied together may pass each other on the way. */
export async function waitForVerdict(
  stage: Pick<Stage, 'waitForService'>,
  name: string,
  signal: AbortSignal
): Promise<ServiceState> {
  const hasAddress = ({ addresses }: ServiceState): boolean => addresses.length > 0
  const first = await stage.waitForService(
    name,
    (state) => hasAddress(state) || state.reason !== undefined,
    signal
  )
  if (hasAddress(first)) return first
  return stage.waitForService(
    name,
    hasAddress,
    AbortSignal.any([signal, AbortSignal.timeout(REASON_LASTS_MS)])
  )
}
