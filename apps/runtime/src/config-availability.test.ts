import { buildCrdManifests } from '@clarion-lb/crds'
import { KubeApiError, KubeClient } from '@clarion-lb/k8s-watch'
import { describe, expect, test, vi } from 'vitest'
import { settled, startSource } from '../test/config-bench.ts'
import { l2Advertisement, NAMESPACE, pool } from '../test/objects.ts'
import type { TestCluster } from '../test/test-cluster.ts'

const POOLS = 'ipaddresspools.metallb.io'
const L2 = 'l2advertisements.metallb.io'
const OTHERS = buildCrdManifests()
  .map(({ metadata }) => metadata.name)
  .filter((name) => name !== POOLS && name !== L2)

function legacyMap(config: string): ReturnType<typeof pool> & { data: { config: string } } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'legacy', namespace: NAMESPACE },
    data: { config }
  }
}

describe('CustomResourceDefinitions', () => {
  test('that come after the start are found, and until then it says what is missing', async () => {
    const { cluster, states, unavailable, pools } = await startSource({ as: 'controller', crds: [] })
    await cluster.eventually(() => expect(unavailable.at(-1)).toContain('IPAddressPool is missing'))
    cluster.putCrd(POOLS)
    cluster.put(pool('p', ['192.0.2.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    expect(unavailable.at(-1)).toBeUndefined()
    expect(states[0]?.config.pools).toHaveLength(1)
  })

  test('of advertisements are needed by a speaker, those of BGP are not', async () => {
    const { cluster, states, unavailable, nodes } = await startSource({ as: 'speaker', crds: [POOLS] })
    await cluster.eventually(() => expect(unavailable.at(-1)).toContain('L2Advertisement is missing'))
    expect(states).toEqual([])
    expect(nodes?.hasSynced).toBe(true)
    cluster.putCrd(L2)
    await cluster.eventually(() => expect(unavailable.at(-1)).toBeUndefined())
    expect(states).toHaveLength(1)
  })

  test('of BGP may be missing or come later', async () => {
    const { cluster, states } = await startSource({ as: 'speaker', crds: [POOLS, L2] })
    await cluster.eventually(() => expect(states.length).toBeGreaterThan(0))
    for (const name of OTHERS) cluster.putCrd(name)
    cluster.put({
      apiVersion: 'metallb.io/v1beta2',
      kind: 'BGPPeer',
      metadata: { name: 'router', namespace: NAMESPACE },
      spec: { myASN: 64500, peerASN: 64501, peerAddress: '192.0.2.1' }
    })
    await cluster.eventually(() => expect(states.at(-1)?.config.peers).toMatchObject([{ name: 'router' }]))
  })

  test('that are deleted keep the last configuration, and what comes with them again counts', async () => {
    const { cluster, states, unavailable, pools } = await startSource({
      as: 'speaker',
      before: (it) => {
        it.put(pool('p', ['192.0.2.0/28']))
        it.put(l2Advertisement('all'))
      }
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    await settled()
    const told = states.length
    cluster.removeCrd(POOLS)
    await cluster.eventually(() => expect(unavailable.at(-1)).toContain('IPAddressPool is missing'))
    await settled()
    expect(states.slice(told)).toEqual([])
    cluster.putCrd(POOLS)
    cluster.put(pool('q', ['192.0.2.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['q']))
    expect(states.slice(told)).toHaveLength(1)
    expect(unavailable.at(-1)).toBeUndefined()
  })

  test('are not suspected when somebody deletes the last pool', async () => {
    const { cluster, unavailable, pools } = await startSource({
      as: 'controller',
      before: (it) => it.put(pool('p', ['192.0.2.0/28']))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    const known = unavailable.length
    cluster.remove(pool('p', []))
    await cluster.eventually(() => expect(pools()).toEqual([]))
    expect(unavailable).toHaveLength(known)
  })

  test('are not suspected for ever where nobody may ask what is served', async () => {
    const { cluster, pools } = await startSource({
      as: 'controller',
      before: (it) => it.put(pool('p', ['192.0.2.0/28']))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    const refusal = {
      status: 403,
      reason: 'Forbidden',
      serverMessage: '',
      subject: '',
      retryAfterMs: undefined
    }
    vi.spyOn(KubeClient.prototype, 'getPath').mockRejectedValue(new KubeApiError(refusal))
    cluster.remove(pool('p', []))
    cluster.put(pool('q', ['192.0.2.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['q']))
  })

  test('that are deleted while it is asked about an object that was, keep the last configuration, too', async () => {
    const { cluster, states, unavailable, pools } = await startSource({
      as: 'controller',
      before: (it) => {
        it.put(pool('p', ['192.0.2.0/28']))
        it.put(pool('q', ['192.0.2.16/28']))
      }
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p', 'q']))
    vi.spyOn(KubeClient.prototype, 'getPath').mockImplementationOnce(async function (this: KubeClient, path) {
      const answer = await this.getPath(path)
      cluster.removeCrd(POOLS)
      await settled()
      return answer
    })
    cluster.remove(pool('p', []))
    await cluster.eventually(() => expect(unavailable.at(-1)).toContain('IPAddressPool is missing'))
    await settled()
    expect(states.map(({ config }) => config.pools.length)).not.toContain(0)
  })
})

describe('an API server that is away', () => {
  test('changes nothing', async () => {
    const { cluster, states, unavailable, pools } = await startSource({
      as: 'controller',
      before: (it) => it.put(pool('p', ['192.0.2.0/28']))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    const known = unavailable.length
    await cluster.sim.restart({
      whileDown: () => cluster.eventually(() => expect(cluster.logs('problem').length).toBeGreaterThan(0))
    })
    cluster.put(pool('q', ['198.51.100.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['p', 'q']))
    expect(unavailable).toHaveLength(known)
    for (const { config } of states.slice(0, -1)) expect(config.pools).toHaveLength(1)
  })

  test('at the start is waited for', async () => {
    const { cluster, states, pools } = await startSource({
      as: 'controller',
      before: (it) => {
        it.put(pool('p', ['192.0.2.0/28']))
        it.sim.faults.add({ match: { verbs: ['list'] }, action: { type: 'status', code: 500 }, times: 3 })
      }
    })
    await cluster.eventually(() => expect(pools()).toEqual(['p']))
    expect(states).toHaveLength(1)
    expect(cluster.logs('problem').length).toBeGreaterThan(1)
  })
})

describe('the ConfigMap of old MetalLB', () => {
  const CONFIG = `
address-pools:
- name: old
  protocol: layer2
  addresses: [192.0.2.0/28]
`

  test('is read instead of the metallb.io objects, and followed', async () => {
    const { cluster, states, pools } = await startSource({
      as: 'speaker',
      legacyConfigMap: 'legacy',
      crds: [],
      before: (it) => it.put(legacyMap(CONFIG))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['old']))
    expect(states.at(-1)?.config.pools[0]?.l2Advertisements).toHaveLength(1)
    expect(cluster.requests.some(({ group }) => group === 'metallb.io')).toBe(false)
    cluster.put(legacyMap(CONFIG.replace('name: old', 'name: older')))
    await cluster.eventually(() => expect(pools()).toEqual(['older']))
  })

  test('other ConfigMaps are not even asked for', async () => {
    const other = { ...legacyMap(CONFIG), metadata: { name: 'other', namespace: NAMESPACE } }
    const { cluster, states, unavailable } = await startSource({
      as: 'controller',
      legacyConfigMap: 'legacy',
      before: (it) => it.put(other)
    })
    await cluster.eventually(() =>
      expect(unavailable).toEqual([`the ConfigMap ${NAMESPACE}/legacy is missing`])
    )
    expect(states).toEqual([])
  })

  test.each([
    ['that is not YAML', (it: TestCluster) => it.put(legacyMap('address-pools: [')), 'is not YAML'],
    ['that is a list', (it: TestCluster) => it.put(legacyMap('- a')), 'must be a mapping'],
    ['that is deleted', (it: TestCluster) => it.remove(legacyMap('')), 'is missing'],
    [
      'without its key',
      (it: TestCluster) => it.put({ ...legacyMap(''), data: { other: '' } }),
      'has no key config'
    ]
  ])('one %s leaves the last configuration, and is told', async (_what, change, because) => {
    const { cluster, states, unavailable, pools } = await startSource({
      as: 'controller',
      legacyConfigMap: 'legacy',
      before: (it) => it.put(legacyMap(CONFIG))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['old']))
    await settled()
    const told = states.length
    change(cluster)
    await cluster.eventually(() => expect(unavailable.at(-1)).toContain(because))
    await settled()
    expect(states.slice(told)).toEqual([])
    cluster.put(legacyMap(CONFIG.replace('name: old', 'name: mended')))
    await cluster.eventually(() => expect(pools()).toEqual(['mended']))
    expect(unavailable.at(-1)).toBeUndefined()
  })

  test('one that is empty means that there are no pools', async () => {
    const { cluster, pools } = await startSource({
      as: 'controller',
      legacyConfigMap: 'legacy',
      before: (it) => it.put(legacyMap('# none'))
    })
    await cluster.eventually(() => expect(pools()).toEqual([]))
  })
})
