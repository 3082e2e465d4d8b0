import type { V1Service } from '@clarion-lb/k8s-watch'
import { describe, expect, test } from 'vitest'
import { asClaim, byClaim, hasClaim } from './claims.ts'

function service(name: string, addresses: readonly string[], more: Partial<V1Service> = {}): V1Service {
  return {
    metadata: { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } },
    ...more
  }
}

describe('claims', () => {
  test('are what the status of a load balancer says', () => {
    expect(hasClaim(service('a', ['192.0.2.1']))).toBe(true)
    expect(hasClaim(service('a', []))).toBe(false)
    expect(hasClaim(service('a', ['nonsense']))).toBe(false)
    expect(hasClaim(service('a', ['192.0.2.1'], { spec: { type: 'ClusterIP' } }))).toBe(false)
  })

  test('ask for what is there, whatever was wished for', () => {
    const wishing = service('a', ['192.0.2.1', '2001:db8::1'], {
      metadata: {
        name: 'a',
        annotations: {
          'metallb.universe.tf/loadBalancerIPs': '192.0.2.8',
          'metallb.io/loadBalancerIPs': '192.0.2.9',
          'metallb.io/address-pool': 'p'
        }
      },
      spec: { type: 'LoadBalancer', loadBalancerIP: '192.0.2.7' }
    })
    expect(asClaim(wishing)).toMatchObject({
      metadata: {
        annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.1,2001:db8::1', 'metallb.io/address-pool': 'p' }
      }
    })
    expect(JSON.stringify(asClaim(wishing))).not.toMatch(/192\.0\.2\.[789]/)
  })

  test('come in order: most addresses, then age, then name', () => {
    const old = { namespace: 'default', name: 'z', creationTimestamp: '2025-01-01T00:00:00Z' }
    const sorted = [
      service('none', []),
      service('b', ['192.0.2.1']),
      service('a', ['192.0.2.2']),
      service('z', ['192.0.2.3'], { metadata: old }),
      service('dual', ['192.0.2.4', '2001:db8::4'])
    ].toSorted(byClaim)
    expect(sorted.map(({ metadata }) => metadata?.name)).toEqual(['dual', 'z', 'a', 'b', 'none'])
  })
})
