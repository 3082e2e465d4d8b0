import { PODS } from '@clarion-lb/k8s-watch'
import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'
import type { ClusterFixture } from '../cluster-fixture.ts'

/** What the kernel says of the first process of a container. */
export interface RunningContainer {
  readonly pod: string
  readonly node: string
  readonly restarts: number
  /** Real, effective, saved and file system user. */
  readonly users: string
  /** Effective and permitted, as `/proc` writes them. */
  readonly capabilities: readonly [string, string]
  readonly noNewPrivileges: string
  /** 2 is a filter (seccomp(2)). */
  readonly seccompMode: string
  readonly isRootReadOnly: boolean
}

/** All running containers of Clarion with this name. */
export async function runningContainers(
  fixture: ClusterFixture,
  name: string
): Promise<readonly RunningContainer[]> {
  const client = await fixture.api.client()
  const labelSelector = `app=metallb,component=${name}`
  const { items } = await client.list(PODS, { namespace: CLARION_NAMESPACE, labelSelector })
  return Promise.all(
    items.map(async ({ metadata, spec, status }) => {
      const node = fixture.cluster.nodes.get(spec?.nodeName ?? '')
      const [state] = status?.containerStatuses ?? []
      if (node === undefined || state === undefined) throw new Error(`${metadata?.name} does not run`)
      const id = state.containerID?.replace('containerd://', '') ?? ''
      const pid = new RegExp(`^${id}\\s+(\\d+)`, 'm').exec(await node.control(['tasks', 'list']))?.[1]
      const text = await node.execute(['cat', `/proc/${pid}/status`])
      const field = (key: string): string => new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(text)?.[1] ?? ''
      const mounts = await node.execute(['cat', `/proc/${pid}/mounts`])
      return {
        pod: metadata?.name ?? '',
        node: node.name,
        restarts: state.restartCount,
        users: field('Uid'),
        capabilities: [field('CapEff'), field('CapPrm')],
        noNewPrivileges: field('NoNewPrivs'),
        seccompMode: field('Seccomp'),
        isRootReadOnly: /^\S+ \/ \S+ ro[, ]/m.test(mounts)
      }
    })
  )
}
