import { type KubeClient, PODS, type V1Pod } from '@clarion-lb/k8s-watch'

/**
 * The pod that this process runs in, for owner references.
 *
 * @returns `undefined` if no name is given
 * @throws KubeApiError if there is no such pod
 */
export async function findOwnPod(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string }
): Promise<V1Pod | undefined> {
  return name === '' ? undefined : client.get(PODS, { namespace, name })
}
