import type { RequestFacts } from '@clarion-lb/kube-sim'
import { endpointSlice, NAMESPACE, pool, service, type TestCluster } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { WEBHOOKS } from '../../apps/controller/src/tokens.ts'
import { eventuallyAddresses } from '../../apps/controller/test/controller-bench.ts'
import {
  admission,
  call,
  eventuallyInjected,
  SECRET,
  startWebhookCluster,
  startWebhooks
} from '../../apps/controller/test/webhook-bench.ts'
import { MetricsAccess } from '../../apps/runtime/src/metrics-access.ts'
import { findOwnPod } from '../../apps/runtime/src/own-pod.ts'
import { putService, SpeakerBench, startCluster, WITH_LEASES } from '../../apps/speaker/test/speaker-bench.ts'
import { TestRouter } from '../../apps/speaker/test/test-router.ts'
import {
  type Access,
  type Accesses,
  CONTROLLER_ACCESSES,
  rulesOf,
  SPEAKER_ACCESSES
} from '../../deploy/source/rbac.ts'

const OWN_POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own', namespace: NAMESPACE } }

/** An object of each kind that webhooks review; a selector of nodes has them read the nodes. */
const REVIEWED = [
  ['IPAddressPool', { addresses: ['198.51.100.0/24'] }],
  ['L2Advertisement', { nodeSelectors: [{ matchLabels: { a: 'b' } }] }],
  ['BGPAdvertisement', {}],
  ['BGPPeer', { myASN: 1, peerASN: 2, peerAddress: '192.0.2.1' }],
  ['Community', {}],
  ['BFDProfile', {}]
] as const

/** A whole binary and its API server, beside whatever else the machine does. */
const TIMEOUT_MS = 30_000

const LIVENESS_SECRET = { ...SECRET, metadata: { ...SECRET.metadata, name: 'clarion-liveness' } } as const
const OWN_SECRETS: readonly string[] = [SECRET, LIVENESS_SECRET].map(({ metadata }) => metadata.name)

/** What is asked for in circumstances that are not made here, and where that is. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'get services': 'another one wrote the Service meanwhile',
  'patch events': 'the same happened again',
  'list configmaps': 'the controller reads one with --config only',
  'watch configmaps': 'the controller reads one with --config only',
  'create configurationstates': 'the server asks for this right when an apply makes the object'
}
/** Requests for objects; discovery is everybody's. */
function requestsOf(cluster: TestCluster): readonly RequestFacts[] {
  return cluster.requests.filter(({ resource }) => resource !== undefined)
}

function resourceOf({ resource, subresource }: RequestFacts): string {
  return [resource, subresource].filter((part) => part !== undefined).join('/')
}

/** Whether a right covers a request. A list by field selector does not say a name here; the server looks at the selector. */
function covers(access: Access, request: RequestFacts): boolean {
  const { verb, group = '', name } = request
  const isNamed = access.names === undefined || name === undefined || access.names.includes(name)
  return (
    access.group === group &&
    access.resource === resourceOf(request) &&
    access.verbs.some((one) => one === verb) &&
    isNamed
  )
}

function isAllowed({ cluster, namespace }: Accesses, request: RequestFacts): boolean {
  const inNamespace = request.namespace === NAMESPACE ? namespace : []
  return [...cluster, ...inNamespace].some((access) => covers(access, request))
}

function refusedOf(cluster: TestCluster, accesses: Accesses): readonly string[] {
  const refused = requestsOf(cluster).filter((request) => !isAllowed(accesses, request))
  return [
    ...new Set(refused.map((request) => `${request.verb} ${resourceOf(request)} in ${request.namespace}`))
  ]
}

/** Rights that nothing here used. */
function unusedOf(cluster: TestCluster, accesses: Accesses): readonly string[] {
  const requests = requestsOf(cluster)
  return [...accesses.cluster, ...accesses.namespace].flatMap((access) =>
    access.verbs
      .filter((verb) => !requests.some((request) => covers({ ...access, verbs: [verb] }, request)))
      .map((verb) => `${verb} ${access.resource}`)
      .filter((right) => !(right in ELSEWHERE))
  )
}

/** What each binary does at its start and for its scrapers, which the benches leave out. */
async function askAsBinary(cluster: TestCluster): Promise<void> {
  const client = await cluster.client()
  cluster.put(OWN_POD)
  await findOwnPod(client, { namespace: NAMESPACE, name: 'own' })
  expect(await new MetricsAccess({ client }).check(`Bearer ${cluster.sim.token}`)).toBe(200)
}

describe('the rights of the controller', () => {
  test('are enough, and none is there that it does not use', { timeout: TIMEOUT_MS }, async () => {
    const cluster = await startWebhookCluster()
    cluster.put(SECRET)
    cluster.put(LIVENESS_SECRET)
    await askAsBinary(cluster)
    cluster.put(pool('main', ['192.0.2.1/32']))
    cluster.put(service('a'))
    const { controller, port } = await startWebhooks(cluster)
    await eventuallyAddresses(cluster, { a: ['192.0.2.1'] })
    cluster.put(service('b'))
    await eventuallyInjected(cluster)
    await cluster.eventually(() => expect(controller.root.resolve(WEBHOOKS).unreadyBecause()).toBeUndefined())
    for (const [kind, spec] of REVIEWED) {
      const { path, body } = admission(kind, 'asked', spec)
      expect(await call(cluster, port, path, body)).toMatchObject({ response: { allowed: true } })
    }
    await cluster.eventually(() => {
      const asked = requestsOf(cluster).map((request) => `${request.verb} ${resourceOf(request)}`)
      expect(asked).toContain('create events')
      expect(asked).toContain('patch configurationstates/status')
      expect(asked).toContain('update ipaddresspools/status')
      expect(cluster.writes('secrets')).toContain('update clarion-liveness')
    })
    const keys = cluster.get(LIVENESS_SECRET)['data']
    cluster.remove(LIVENESS_SECRET)
    cluster.remove(SECRET)
    await cluster.eventually(() => expect(cluster.find(LIVENESS_SECRET)?.['data']).toEqual(keys))
    await eventuallyInjected(cluster)
    await controller.stop()
    expect(refusedOf(cluster, CONTROLLER_ACCESSES)).toEqual([])
    expect(unusedOf(cluster, CONTROLLER_ACCESSES)).toEqual([])
  })
})

describe('the rights of the speaker', () => {
  test('are enough, and none is there that it does not use', { timeout: TIMEOUT_MS }, async () => {
    const cluster = await startCluster('n1')
    await askAsBinary(cluster)
    const router = await TestRouter.start({ onChange: () => cluster.ring() })
    const peering = { myASN: 64500, peerASN: 64501, peerAddress: '127.0.0.1', peerPort: router.port }
    const peer = {
      apiVersion: 'metallb.io/v1beta2',
      kind: 'BGPPeer',
      metadata: { name: 'router', namespace: NAMESPACE },
      spec: peering
    }
    cluster.put({
      apiVersion: 'metallb.io/v1beta1',
      kind: 'BGPAdvertisement',
      metadata: { name: 'all', namespace: NAMESPACE },
      spec: {}
    })
    cluster.put(peer)
    putService(cluster, 'a', { address: '192.0.2.1', nodes: ['n1'] })
    const speaker = await SpeakerBench.start(cluster, 'n1', WITH_LEASES)
    const eventuallyAsked = (...rights: readonly string[]): Promise<void> =>
      cluster.eventually(() =>
        expect(requestsOf(cluster).map((request) => `${request.verb} ${resourceOf(request)}`)).toEqual(
          expect.arrayContaining([...rights])
        )
      )
    await eventuallyAsked(
      'update servicel2statuses/status',
      'update servicebgpstatuses/status',
      'update bgpsessionstates/status',
      'patch configurationstates/status',
      'create events',
      'patch leases'
    )
    cluster.put(endpointSlice('a', []))
    cluster.remove(peer)
    await eventuallyAsked('delete servicel2statuses', 'delete servicebgpstatuses', 'delete bgpsessionstates')
    await speaker.stop()
    expect(refusedOf(cluster, SPEAKER_ACCESSES)).toEqual([])
    expect(unusedOf(cluster, SPEAKER_ACCESSES)).toEqual([])
  })
})

describe('the rights of both', () => {
  const all = { controller: CONTROLLER_ACCESSES, speaker: SPEAKER_ACCESSES }

  test.each(Object.entries(all))('%s: Secrets of other namespaces stay unread', (_name, { cluster }) => {
    expect(cluster.filter(({ resource }) => resource === 'secrets')).toEqual([])
  })

  test.each(Object.entries(all))(
    '%s: no Secret is written over but the own ones, by name',
    (_name, { namespace }) => {
      const writable = namespace.filter(
        ({ resource, verbs }) =>
          resource === 'secrets' && verbs.some((verb) => !['get', 'list', 'watch', 'create'].includes(verb))
      )
      expect(
        writable.flatMap(({ names = ['*'] }) => names).filter((name) => !OWN_SECRETS.includes(name))
      ).toEqual([])
    }
  )

  test('only the controller makes Secrets, in its namespace', () => {
    const makers = Object.entries(all).flatMap(([name, { namespace }]) =>
      namespace.some(({ resource, verbs }) => resource === 'secrets' && verbs.includes('create'))
        ? [name]
        : []
    )
    expect(makers).toEqual(['controller'])
  })

  test.each(Object.entries(all))('%s: no rule has a wildcard, and none is there twice', (_name, accesses) => {
    for (const scope of [accesses.cluster, accesses.namespace]) {
      const rules = rulesOf(scope)
      expect(JSON.stringify(rules)).not.toContain('*')
      const rights = scope.flatMap(({ group, resource, verbs, names }) =>
        verbs.map((verb) => JSON.stringify([group, resource, verb, names]))
      )
      expect(new Set(rights).size).toBe(rights.length)
    }
  })
})
