import { randomBytes } from 'node:crypto'
import { defineResource, hasStatus, type KubeClient, type KubeObject, SECRETS } from '@clarion-lb/k8s-watch'

const DEPLOYMENTS = defineResource<KubeObject>({
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  isNamespaced: true
})

export interface MemberlistSecretOptions {
  readonly client: Pick<KubeClient, 'find' | 'get' | 'create'>
  readonly namespace: string
  readonly name: string
  /** Deployment that it belongs to; empty: nobody. */
  readonly deployment: string
  readonly signal: AbortSignal
}

/**
 * Creates the Secret that MetalLB's speakers mount, if there is none.
 *
 * @returns whether it was created
 */
export async function ensureMemberlistSecret(options: MemberlistSecretOptions): Promise<boolean> {
  const { client, namespace, name, deployment, signal } = options
  if ((await client.find(SECRETS, { namespace, name }, { signal })) !== undefined) return false
  const owner =
    deployment === '' ? undefined : await client.get(DEPLOYMENTS, { namespace, name: deployment }, { signal })
  const { uid } = owner?.metadata ?? {}
  const ownerReferences =
    uid === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid }]
  // 22 characters: base64 without padding of 16 random bytes.
  const key = randomBytes(16).toString('base64').replaceAll('=', '')
  try {
    await client.create(
      SECRETS,
      {
        metadata: { namespace, name, ...(ownerReferences.length === 0 ? {} : { ownerReferences }) },
        type: 'Opaque',
        data: { secretkey: Buffer.from(key).toString('base64') }
      },
      { signal }
    )
    return true
  } catch (error) {
    // Another controller was faster.
    if (hasStatus(error, 409)) return false
    throw error
  }
}
