import { setTimeout as sleep } from 'node:timers/promises'
import { hasStatus, type KubeClient, PODS, type V1ObjectMeta, type V1Pod } from '@clarion-lb/k8s-watch'

export interface OwnPodOptions {
  readonly namespace: string
  readonly name: string
  /** It could not be read; it is tried again. */
  readonly onProblem?: (error: unknown) => void
  /** How long it is tried, and the time between two tries, milliseconds. @defaultValue 20_000 and 500 */
  readonly patienceMs?: number
  readonly retryMs?: number
}

/**
 * The pod that this process runs in, for owner references. Whoever starts together with the API server, as after a power
 * cut, finds none at first, or one that does not know our rights yet and forbids it: that passes.
 *
 * @returns `undefined` if no name is given
 * @throws KubeApiError if there is no such pod, or it may not be read in the end; KubeTransportError
 */
export async function findOwnPod(
  client: Pick<KubeClient, 'get'>,
  { namespace, name, onProblem, patienceMs = 20_000, retryMs = 500 }: OwnPodOptions
): Promise<V1Pod | undefined> {
  if (name === '') return undefined
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      return await client.get(PODS, { namespace, name })
    } catch (error) {
      if (hasStatus(error, 404) || performance.now() + retryMs > deadline) throw error
      onProblem?.(error)
    }
    await sleep(retryMs)
  }
}

/** The part of `metadata` by which an object goes when the pod goes; nothing for a process that is in none. */
export function ownedBy(pod: V1Pod | undefined): Pick<V1ObjectMeta, 'ownerReferences'> {
  const { name, uid } = pod?.metadata ?? {}
  if (name === undefined || uid === undefined) return {}
  return { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] }
}
