import { describe, expect, test } from 'vitest'
import { settled, startSource } from '../test/config-bench.ts'
import { l2Advertisement, NAMESPACE, node, pool } from '../test/objects.ts'

describe('what is read', () => {
  test('the pools, and what becomes of them', async () => {
    const { cluster, pools } = await startSource({
      as: 'controller',
      before: (it) => it.put(pool('b', ['192.0.2.0/28']))
    })
    await cluster.eventually(() => expect(pools()).toEqual(['b']))
    cluster.put(pool('a', ['198.51.100.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['a', 'b']))
    cluster.remove(pool('b', []))
    await cluster.eventually(() => expect(pools()).toEqual(['a']))
  })

  test('a controller asks for pools and namespaces only', async () => {
    const { cluster, states } = await startSource({ as: 'controller' })
    await cluster.eventually(() => expect(states).toHaveLength(1))
    expect(new Set(cluster.requests.map(({ resource }) => resource))).toEqual(
      new Set(['ipaddresspools', 'namespaces'])
    )
  })

  test('objects of other namespaces are none of ours', async () => {
    const stray = { ...pool('stray', ['192.0.2.0/28']), metadata: { name: 'stray', namespace: 'default' } }
    const { cluster, states, pools } = await startSource({ as: 'controller', before: (it) => it.put(stray) })
    await cluster.eventually(() => expect(states).toHaveLength(1))
    expect(pools()).toEqual([])
  })

  test('an object with an error is reported and left out; the others count', async () => {
    const { cluster, states, pools } = await startSource({
      as: 'speaker',
      before: (it) => {
        it.put(pool('bad', ['192.0.2.300/32']))
        it.put(pool('good', ['192.0.2.0/28']))
        it.put(l2Advertisement('all'))
      }
    })
    await cluster.eventually(() => expect(pools()).toEqual(['good']))
    const { config, problems } = states.at(-1) ?? {}
    expect(config?.pools[0]?.l2Advertisements).toHaveLength(1)
    expect(problems).toMatchObject([{ severity: 'error', kind: 'IPAddressPool', name: 'bad' }])
    cluster.put(pool('bad', ['198.51.100.0/28']))
    await cluster.eventually(() => expect(pools()).toEqual(['bad', 'good']))
    expect(states.at(-1)?.problems).toEqual([])
  })

  test('a password of a peer comes from the Secret that it names', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: NAMESPACE },
      type: 'kubernetes.io/basic-auth',
      data: { password: Buffer.from('hush').toString('base64') }
    }
    const peer = {
      apiVersion: 'metallb.io/v1beta2',
      kind: 'BGPPeer',
      metadata: { name: 'router', namespace: NAMESPACE },
      spec: { myASN: 64500, peerASN: 64501, peerAddress: '192.0.2.1', passwordSecret: { name: 'key' } }
    }
    const { cluster, states } = await startSource({ as: 'speaker', before: (it) => it.put(peer) })
    await cluster.eventually(() => expect(states.at(-1)?.problems).toMatchObject([{ kind: 'BGPPeer' }]))
    cluster.put(secret)
    await cluster.eventually(() => expect(states.at(-1)?.problems).toEqual([]))
    expect(states.at(-1)?.config.peers).toMatchObject([{ name: 'router', password: 'hush' }])
  })
})

describe('how often it is told', () => {
  test('changes that come together are one change', async () => {
    const { cluster, states, pools } = await startSource({ as: 'controller' })
    await cluster.eventually(() => expect(states).toHaveLength(1))
    for (let i = 0; i < 10; i += 1) cluster.put(pool(`p${i}`, [`192.0.2.${i}/32`]))
    await cluster.eventually(() => expect(pools()).toHaveLength(10))
    expect(states.length).toBeLessThan(5)
  })

  test('heartbeats of a node are nothing new; its labels are', async () => {
    const { cluster, states, nodes } = await startSource({
      as: 'speaker',
      before: (it) => it.put(node('n1'))
    })
    await cluster.eventually(() => expect(states.length).toBeGreaterThan(0))
    await settled()
    const before = states.length
    const heartbeats: unknown[] = []
    nodes?.onChange((change) => void heartbeats.push(change))
    for (let i = 0; i < 5; i += 1) {
      cluster.change(
        node('n1'),
        (current) => ({
          ...current,
          status: { conditions: [{ type: 'Ready', lastHeartbeatTime: `t${i}` }] }
        }),
        'status'
      )
      await cluster.eventually(() => expect(heartbeats).toHaveLength(i + 1))
      await settled()
    }
    expect(states).toHaveLength(before)
    cluster.put(node('n1', { rack: 'a' }))
    await cluster.eventually(() => expect(states).toHaveLength(before + 1))
  })

  test('the status of a pool, which we write ourselves, is nothing new', async () => {
    const { cluster, states, source } = await startSource({
      as: 'controller',
      before: (it) => it.put(pool('p', ['192.0.2.0/28']))
    })
    await cluster.eventually(() => expect(states.length).toBeGreaterThan(0))
    await settled()
    const before = states.length
    const status = { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 15, availableIPv6: 0 }
    cluster.change(pool('p', []), (current) => ({ ...current, status }), 'status')
    const seen = (): unknown => source.pools.get({ namespace: NAMESPACE, name: 'p' })?.status
    await expect.poll(() => seen()).toEqual(status)
    await settled()
    expect(states).toHaveLength(before)
  })

  test('a label of a namespace is asked by serviceAllocation, and is told', async () => {
    const limited = pool('p', ['192.0.2.0/28'], {
      serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: 'a' } }] }
    })
    const { cluster, states } = await startSource({ as: 'controller', before: (it) => it.put(limited) })
    const namespaces = (): readonly string[] => [
      ...(states.at(-1)?.config.pools[0]?.serviceAllocation?.namespaces ?? [])
    ]
    await cluster.eventually(() => expect(states).toHaveLength(1))
    expect(namespaces()).toEqual([])
    cluster.change({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }, (current) => ({
      ...current,
      metadata: { ...current.metadata, labels: { team: 'a' } }
    }))
    await cluster.eventually(() => expect(namespaces()).toEqual(['default']))
  })

  test('after the end nothing is told', async () => {
    const { cluster, states, source } = await startSource({ as: 'controller' })
    await cluster.eventually(() => expect(states).toHaveLength(1))
    cluster.put(pool('p', ['192.0.2.0/28']))
    await source.stop()
    await settled()
    expect(states).toHaveLength(1)
  })
})
