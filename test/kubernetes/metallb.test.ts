import { join } from 'node:path'
import {
  CLARION_NAMESPACE,
  CLUSTER_PROGRAMS,
  EXAMPLE_MANIFESTS,
  getMetallbRelease,
  getPrograms,
  METALLB_PROGRAMS,
  type MetallbRelease
} from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClusterFixture } from './cluster-fixture.ts'
import { ROOT, until } from './control-plane-fixture.ts'
import { parseList, readServices, type ServiceFacts } from './metallb-facts.ts'
import { OLD_CONFIGURATION, OLD_SERVICES } from './metallb-objects.ts'
import { skipReason } from './requirements.ts'

const OURS = join(ROOT, 'deploy', 'manifests', 'clarion-native.yaml')
const KINDS = 'ipaddresspools,l2advertisements,bgppeers,bgpadvertisements,bfdprofiles,communities'
const ROLLOUT_TIMEOUT_MS = 90_000
const REFUSED = /admission webhook "ipaddresspoolvalidationwebhook\.metallb\.io" denied the request/
const OVERLAPPING = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'overlapping', namespace: CLARION_NAMESPACE },
  spec: { addresses: ['192.168.100.200/32'] }
}
const reason = await skipReason([...CLUSTER_PROGRAMS, ...METALLB_PROGRAMS])

describe.skipIf(reason !== undefined)('in place of MetalLB, and back', () => {
  let fixture: ClusterFixture
  let metallb: MetallbRelease
  let before: Readonly<Record<string, ServiceFacts>>
  let configuration: unknown

  const inSystem = async (...args: readonly string[]): Promise<string> =>
    fixture.kubectl.run('-n', CLARION_NAMESPACE, ...args)
  /** Without what the server counts. */
  const readConfiguration = async (): Promise<unknown> =>
    parseList(await inSystem('get', KINDS, '-o', 'json')).map(({ kind, metadata, spec }) => ({
      kind,
      name: metadata.name,
      spec
    }))
  const expectReached = async (): Promise<void> => {
    for (const address of before['web']?.addresses ?? []) await fixture.reach(address)
  }
  /** As the guide says: a scheduler that meets pods of two priorities on one port may leave the new one waiting. */
  const waitForSpeakers = async (): Promise<boolean> =>
    until(
      'every speaker is ours and runs',
      async () => {
        const status = ['rollout', 'status', 'daemonset/speaker', '--timeout=15s'] as const
        if (
          await inSystem(...status).then(
            () => true,
            () => false
          )
        )
          return true
        await inSystem('delete', 'pods', '-l', 'component=speaker', '--field-selector=status.phase=Pending')
        return undefined
      },
      ROLLOUT_TIMEOUT_MS
    )
  /** Whoever is asked by the API server answers: a moment after its pods are ready, in MetalLB's case. */
  const refusal = async (): Promise<string> =>
    until('the webhook answers', async () =>
      fixture.apply([OVERLAPPING]).then(
        () => 'accepted',
        (error: unknown) => (/failed calling webhook/.test(String(error)) ? undefined : String(error))
      )
    )

  beforeAll(async () => {
    const programs = await getPrograms([...CLUSTER_PROGRAMS, ...METALLB_PROGRAMS])
    fixture = await ClusterFixture.start({
      nodeCount: 2,
      moreImages: async (directory) => {
        metallb = await getMetallbRelease(directory, programs)
        return metallb.imageArchives
      }
    })
    await fixture.kubectl.feed(metallb.manifest, 'apply', '-f', '-')
    await fixture.waitForRollouts()
    await until('MetalLB takes the configuration', async () =>
      fixture.apply([...EXAMPLE_MANIFESTS, ...OLD_CONFIGURATION]).then(() => true)
    )
    await fixture.deploy('web', 2)
    await fixture.apply(OLD_SERVICES)
    before = await until('every Service has an address of MetalLB', async () => {
      const services = await readServices(fixture)
      return Object.values(services).every(({ addresses }) => addresses.length > 0) ? services : undefined
    })
    configuration = await readConfiguration()
  })
  afterAll(async () => fixture?.stop())

  test('MetalLB is reached: what follows has a meaning', async () => {
    await expectReached()
    expect(Object.keys(before)).toHaveLength(OLD_SERVICES.length + 2)
  })

  test('after its manifest is replaced by ours, every Service has its address, and none was written', async () => {
    await fixture.kubectl.run('apply', '-f', OURS)
    await waitForSpeakers()
    await fixture.waitForRollouts()
    await expectReached()
    expect(await readServices(fixture)).toEqual(before)
  })

  test('the configuration is as it was, in both versions of peers, and no report complains', async () => {
    expect(await readConfiguration()).toEqual(configuration)
    const first = ['get', 'bgppeers.v1beta1.metallb.io', 'first-version', '-o', 'json'] as const
    // For a moment the API server may still ask a pod of MetalLB, which is gone.
    const converted = await until('a peer is converted', async () => inSystem(...first))
    expect(JSON.parse(converted)).toMatchObject({ spec: { holdTime: '1m30s', bfdProfile: 'fast' } })
    await until('all reports are ours', async () => {
      const all = parseList(await inSystem('get', 'configurationstates', '-o', 'json'))
      expect(all.map(({ metadata, status }) => [metadata.name, status?.['result']])).toEqual([
        ['controller', 'Valid'],
        ['speaker-node-1', 'Valid'],
        ['speaker-node-2', 'Valid']
      ])
      return true
    })
  })

  test('the webhooks are ours, and refuse what is to be refused', async () => {
    expect(await refusal()).toMatch(REFUSED)
  })

  test('the Secret of certificates is taken over, and all that API servers are told agrees with it', async () => {
    const secret = ['get', 'secret', 'metallb-webhook-cert', '-o', 'jsonpath={.data.ca\\.crt}'] as const
    const authority = decode(await inSystem(...secret))
    const webhooks = ['get', 'validatingwebhookconfiguration', 'metallb-webhook-configuration'] as const
    const bundles = await inSystem(...webhooks, '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}')
    const crd = ['get', 'crd', 'bgppeers.metallb.io', '-o'] as const
    const conversion = await inSystem(...crd, 'jsonpath={.spec.conversion.webhook.clientConfig.caBundle}')
    const all = [...bundles.split(' '), conversion]
    expect(all).toHaveLength(7)
    for (const bundle of all) expect(decode(bundle)).toContain(authority.trim())
    expect(await inSystem(...crd, 'jsonpath={.status.storedVersions[*]}')).toBe('v1beta2')
    expect(await inSystem('get', 'secret', 'memberlist', '-o', 'name')).toBe('secret/memberlist\n')
  })

  test('nothing is left of what MetalLB reported about announcements', async () => {
    await until('there is one report for each Service', async () => {
      const reports = parseList(await inSystem('get', 'servicel2statuses', '-o', 'json'))
      const services = reports.map(({ status }) => String(status?.['serviceName']))
      expect(services.toSorted()).toEqual(Object.keys(before).toSorted())
      return true
    })
  })

  test('MetalLB takes everything back: no address changes, and no Service is written', async () => {
    await fixture.kubectl.feed(metallb.manifest, 'apply', '-f', '-')
    await fixture.waitForRollouts()
    await inSystem('delete', 'pdb/controller', 'role/speaker', 'rolebinding/speaker')
    await inSystem('delete', 'secrets', 'clarion-liveness')
    await inSystem('delete', 'leases', 'clarion-controller')
    await inSystem('delete', 'leases', '-l', 'clarion.io/component=speaker')
    expect(await refusal()).toMatch(REFUSED)
    await expectReached()
    expect(await readConfiguration()).toEqual(configuration)
    expect(await readServices(fixture)).toEqual(before)
  })
})

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString()
}
