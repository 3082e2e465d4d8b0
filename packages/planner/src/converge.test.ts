import { Ipam } from '@clarion-lb/ipam'
import { describe, expect, test } from 'vitest'
import { convergeService, poolDefinitionsOf, type Requester, type ServiceView } from './index.ts'
import { configOf, DUAL, serviceOf } from './test-objects.ts'

type Pools = Parameters<typeof configOf>[0]

function ipamOf(pools: Pools): Ipam<Requester> {
  const ipam = new Ipam<Requester>()
  ipam.setPools(poolDefinitionsOf(configOf(pools)))
  return ipam
}

function converge(ipam: Ipam<Requester>, service: ServiceView) {
  const { addresses, pool, events, wait, openings, because } = convergeService(service, ipam)
  return {
    addresses: addresses.map(String),
    pool,
    reasons: events.map(({ type, reason }) => `${type} ${reason}`),
    message: events.at(-1)?.message,
    isWaiting: wait !== undefined,
    openings: openings.map(({ address }) => address.toString()),
    because
  }
}

const LAN = { lan: ['192.0.2.10-192.0.2.11', '2001:db8::10-2001:db8::11'] }
const pool = (name: string) => ({ 'metallb.io/address-pool': name })
const ips = (text: string) => ({ 'metallb.io/loadBalancerIPs': text })
const share = (key: string) => ({ 'metallb.io/allow-shared-ip': key })

describe('a Service without an address', () => {
  test('is given the lowest free one, and told so', () => {
    const result = converge(ipamOf(LAN), serviceOf('a'))
    expect(result).toMatchObject({ addresses: ['192.0.2.10'], pool: 'lan', isWaiting: false })
    expect([result.reasons, result.message]).toEqual([['Normal IPAllocated'], 'Assigned IP ["192.0.2.10"]'])
  })

  test.each([
    ['of another type', { type: 'ClusterIP' }, []],
    ['without cluster IP', { clusterIPs: [] }, []],
    ['headless', { clusterIPs: ['None'] }, []],
    [
      'that requires two stacks and has one',
      { ipFamilyPolicy: 'RequireDualStack' },
      ['Warning not enough clusterips']
    ],
    ['with a cluster IP that is none', { clusterIPs: ['x'] }, ['Warning noclusterIPsIPFamily']],
    ['with two cluster IPs and a single-stack policy', DUAL, ['Warning AllocationFailed']]
  ])('%s gets none, and does not wait', (_what, spec, reasons) => {
    const result = converge(ipamOf(LAN), serviceOf('a', { spec }))
    expect(result).toMatchObject({ addresses: [], pool: undefined, reasons, isWaiting: false })
  })

  test.each([
    ['IPv6', { clusterIPs: ['fd00::1'] }, ['2001:db8::10']],
    ['RequireDualStack', { ...DUAL, ipFamilyPolicy: 'RequireDualStack' }, ['192.0.2.10', '2001:db8::10']],
    ['PreferDualStack', { ...DUAL, ipFamilyPolicy: 'PreferDualStack' }, ['192.0.2.10', '2001:db8::10']]
  ])('%s: gets addresses of its families', (_what, spec, addresses) => {
    expect(converge(ipamOf(LAN), serviceOf('a', { spec })).addresses).toEqual(addresses)
  })

  test('waits, and is told which pools were looked at and why each said no', () => {
    const ipam = ipamOf({
      full: ['192.0.2.1/32'],
      manual: { addresses: ['198.51.100.0/24'], autoAssign: false },
      others: { addresses: ['203.0.113.0/24'], serviceAllocation: { namespaces: ['blue'] } }
    })
    converge(ipam, serviceOf('first'))
    const result = converge(ipam, serviceOf('a'))
    expect(result).toMatchObject({ addresses: [], isWaiting: true, reasons: ['Warning AllocationFailed'] })
    expect(result.message).toBe(
      'Failed to allocate IP for "default/a": no IPv4 address available: pool "full": full (1 of 1 IPv4 addresses in use); pool "manual": only on request (autoAssign is false); pool "others": not for namespace "default"'
    )
  })

  test('without any pool waits for one', () => {
    expect(converge(ipamOf({}), serviceOf('a'))).toMatchObject({
      addresses: [],
      reasons: ['Warning AllocationFailed'],
      because: 'there are no pools'
    })
  })
})

describe('requests', () => {
  test.each([
    ['by annotation', { annotations: ips('192.0.2.11') }, ['192.0.2.11']],
    [
      'by the deprecated annotation',
      { annotations: { 'metallb.universe.tf/loadBalancerIPs': '192.0.2.11' } },
      ['192.0.2.11']
    ],
    ['by spec.loadBalancerIP', { spec: { loadBalancerIP: '192.0.2.11' } }, ['192.0.2.11']],
    [
      'two, with blanks',
      {
        annotations: ips(' 192.0.2.11 , 2001:db8::11'),
        spec: { ...DUAL, ipFamilyPolicy: 'RequireDualStack' }
      },
      ['192.0.2.11', '2001:db8::11']
    ],
    ['of a pool by name', { annotations: pool('lan') }, ['192.0.2.10']]
  ])('%s', (_what, options, addresses) => {
    expect(converge(ipamOf(LAN), serviceOf('a', options)).addresses).toEqual(addresses)
  })

  test.each([
    ['outside of the pools', ips('198.51.100.1'), '198.51.100.1 is not in it'],
    ['of the wrong family', ips('2001:db8::10'), 'the Service is IPv4 only'],
    [
      'of both families for a single-stack Service',
      ips('192.0.2.10,2001:db8::10'),
      'the Service is IPv4 only'
    ],
    ['twice', ips('192.0.2.10,192.0.2.10'), '192.0.2.10 is given twice'],
    ['two of one family', ips('192.0.2.10,192.0.2.11'), 'of the same family'],
    ['no address', ips('192.0.2.010'), '"192.0.2.010" is not an IP address'],
    [
      'an address of another pool than named',
      { ...ips('192.0.2.10'), ...pool('other') },
      'pool "other" was asked for'
    ],
    ['a pool that is not there', pool('nowhere'), 'there is no pool "nowhere"']
  ])('%s: refused with the reason', (_what, annotations, text) => {
    const ipam = ipamOf({ ...LAN, other: ['198.51.100.128/25'] })
    const result = converge(ipam, serviceOf('a', { annotations }))
    expect(result).toMatchObject({ addresses: [], reasons: ['Warning AllocationFailed'] })
    expect(result.message).toContain(text)
  })

  // MetalLB refuses it: the families are not those of the Service.
  test('one address, where two stacks are preferred, is given alone and kept alone', () => {
    const ipam = ipamOf(LAN)
    const spec = { ...DUAL, ipFamilyPolicy: 'PreferDualStack' }
    for (const annotations of [ips('192.0.2.11'), ips('2001:db8::11')]) {
      const asked = Object.values(annotations)
      const options = { annotations, spec }
      expect(converge(ipam, serviceOf('a', options)).addresses).toEqual(asked)
      const kept = converge(ipam, serviceOf('a', { ...options, ingress: asked }))
      expect(kept).toMatchObject({ addresses: asked, reasons: [], isWaiting: false })
    }
  })

  test('annotation and field together are refused', () => {
    const options = { annotations: ips('192.0.2.10'), spec: { loadBalancerIP: '192.0.2.10' } }
    expect(converge(ipamOf(LAN), serviceOf('a', options)).message).toContain('are both given')
  })

  test('an address that is taken is refused with its holder', () => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a'))
    const result = converge(ipam, serviceOf('b', { annotations: ips('192.0.2.10') }))
    expect(result.message).toContain('192.0.2.10 is in use by default/a, not shared')
    expect(result.isWaiting).toBe(true)
  })
})

describe('a Service with addresses', () => {
  test('keeps those of its status, and nothing is told', () => {
    const result = converge(ipamOf(LAN), serviceOf('a', { ingress: ['192.0.2.11'] }))
    expect(result).toMatchObject({ addresses: ['192.0.2.11'], pool: 'lan', reasons: [] })
  })

  test('keeps the order of its status', () => {
    const ingress = ['2001:db8::11', '192.0.2.11']
    const spec = { ...DUAL, ipFamilyPolicy: 'RequireDualStack' }
    expect(converge(ipamOf(LAN), serviceOf('a', { ingress, spec })).addresses).toEqual(ingress)
  })

  test.each([
    ['emptied', []],
    ['set to a free address', ['192.0.2.11']],
    ['set to one outside', ['198.51.100.1']],
    ['set to nonsense', ['x']]
  ])('gets them back when its status is %s by hand', (_what, ingress) => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a'))
    expect(converge(ipam, serviceOf('a', { ingress }))).toMatchObject({
      addresses: ['192.0.2.10'],
      reasons: []
    })
  })

  test('whose address is in no pool is told, and gets another', () => {
    const result = converge(ipamOf(LAN), serviceOf('a', { ingress: ['198.51.100.1'] }))
    expect(result.addresses).toEqual(['192.0.2.10'])
    expect(result.reasons).toEqual(['Normal ClearAssignment', 'Normal IPAllocated'])
  })

  test('whose address another one holds is told, and gets another', () => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a', { ingress: ['192.0.2.10'] }))
    expect(converge(ipam, serviceOf('b', { ingress: ['192.0.2.10'] })).addresses).toEqual(['192.0.2.11'])
  })

  test('moves when it asks for another address or another pool, and frees what it had', () => {
    const ipam = ipamOf({ ...LAN, other: ['198.51.100.0/30'] })
    converge(ipam, serviceOf('a'))
    const ingress = ['192.0.2.10']
    const moved = converge(ipam, serviceOf('a', { ingress, annotations: ips('192.0.2.11') }))
    expect(moved).toMatchObject({ addresses: ['192.0.2.11'], openings: ['192.0.2.10'] })
    const again = converge(ipam, serviceOf('a', { ingress, annotations: pool('other') }))
    expect(again).toMatchObject({ addresses: ['198.51.100.0'], pool: 'other', openings: ['192.0.2.11'] })
  })

  test('keeps them when it asks for nonsense, and is told', () => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a'))
    const result = converge(ipam, serviceOf('a', { annotations: ips('nonsense') }))
    expect(result).toMatchObject({ addresses: ['192.0.2.10'], reasons: ['Warning LoadBalancerFailed'] })
  })

  test('gives them up when it is of another type, or its families change', () => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a'))
    const v6 = converge(ipam, serviceOf('a', { spec: { clusterIPs: ['fd00::1'] } }))
    expect(v6).toMatchObject({ addresses: ['2001:db8::10'], openings: ['192.0.2.10'] })
    const gone = converge(ipam, serviceOf('a', { spec: { type: 'NodePort' } }))
    expect(gone).toMatchObject({ addresses: [], openings: ['2001:db8::10'], reasons: [] })
  })

  test('two of one family are not kept', () => {
    const result = converge(ipamOf(LAN), serviceOf('a', { ingress: ['192.0.2.10', '192.0.2.11'] }))
    expect(result.reasons).toEqual(['Warning nolbIPsIPFamily', 'Normal IPAllocated'])
  })

  test('that prefers two stacks gets the second when there is one, from the same pool', () => {
    const spec = { ...DUAL, ipFamilyPolicy: 'PreferDualStack' }
    const ipam = ipamOf({ lan: ['192.0.2.10/32'], six: ['2001:db8::/64'] })
    const one = converge(ipam, serviceOf('a', { spec }))
    expect(one.addresses).toEqual(['192.0.2.10'])
    const still = converge(ipam, serviceOf('a', { spec, ingress: ['192.0.2.10'] }))
    expect(still).toMatchObject({ reasons: ['Normal AdditionalAssignFailed'], isWaiting: true })
    ipam.setPools(poolDefinitionsOf(configOf({ lan: ['192.0.2.10/32', '2001:db8::/64'] })))
    const two = converge(ipam, serviceOf('a', { spec, ingress: ['192.0.2.10'] }))
    expect(two).toMatchObject({ addresses: ['192.0.2.10', '2001:db8::'], isWaiting: false })
  })
})

describe('sharing', () => {
  const https = { ports: [{ protocol: 'TCP', port: 443 }] }

  test('equal keys and different ports share', () => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a', { annotations: share('k') }))
    expect(converge(ipam, serviceOf('b', { annotations: share('k'), spec: https })).addresses).toEqual([
      '192.0.2.10'
    ])
  })

  test.each([
    ['the same port', { annotations: share('k') }],
    ['another key', { annotations: share('other'), spec: https }],
    ['an empty key', { annotations: share(''), spec: https }],
    [
      'policy Local with a selector',
      { annotations: share('k'), spec: { ...https, externalTrafficPolicy: 'Local', selector: { app: 'b' } } }
    ]
  ])('not with %s', (_what, options) => {
    const ipam = ipamOf(LAN)
    converge(ipam, serviceOf('a', { annotations: share('k') }))
    expect(converge(ipam, serviceOf('b', options)).addresses).toEqual(['192.0.2.11'])
  })

  test('policy Local shares with the same selector, whatever the order of its labels', () => {
    const ipam = ipamOf(LAN)
    const local = (selector: Record<string, string>) => ({ externalTrafficPolicy: 'Local', selector })
    converge(ipam, serviceOf('a', { annotations: share('k'), spec: local({ app: 'x', tier: 'y' }) }))
    const spec = { ...https, ...local({ tier: 'y', app: 'x' }) }
    expect(converge(ipam, serviceOf('b', { annotations: share('k'), spec })).addresses).toEqual([
      '192.0.2.10'
    ])
  })
})

describe('serviceAllocation', () => {
  const reserved = (serviceAllocation: Record<string, unknown>) => ({
    open: ['192.0.2.0/24'],
    vip: { addresses: ['198.51.100.0/24'], serviceAllocation }
  })
  const gold = { serviceSelectors: [{ matchLabels: { tier: 'gold' } }] }

  test.each([
    ['of its namespace', { namespaces: ['default'] }, {}, '198.51.100.0'],
    ['of another namespace', { namespaces: ['blue'] }, {}, '192.0.2.0'],
    ['for its labels', gold, { labels: { tier: 'gold' } }, '198.51.100.0'],
    ['for other labels', gold, {}, '192.0.2.0'],
    [
      'for namespace and labels, of which one does not fit',
      { namespaces: ['default'], ...gold },
      {},
      '192.0.2.0'
    ],
    ['with a priority only', { priority: 5 }, {}, '198.51.100.0'],
    [
      'whose namespace selectors match nothing',
      { namespaceSelectors: [{ matchLabels: { a: 'b' } }] },
      {},
      '192.0.2.0'
    ],
    [
      'whose namespace selectors match nothing, on request',
      { namespaceSelectors: [{ matchLabels: { a: 'b' } }] },
      { annotations: pool('vip') },
      '198.51.100.0'
    ]
  ])('a pool %s', (_what, allocation, options, address) => {
    expect(converge(ipamOf(reserved(allocation)), serviceOf('a', options)).addresses).toEqual([address])
  })
})
