import type { V1EndpointSlice, V1Node, V1Service } from '@clarion-lb/k8s-watch'
import { describe, expect, test } from 'vitest'
import { memberOf, nodeViewOf, trimNode } from './node-view.ts'
import { trimEndpointSlice, trimService } from './trimmed-objects.ts'

const METADATA = { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7', labels: { app: 'web' } }

describe('a trimmed Service', () => {
  test('keeps what decisions and events read, and nothing else', () => {
    const service: V1Service = {
      metadata: {
        ...METADATA,
        finalizers: ['f'],
        annotations: {
          'metallb.io/allow-shared-ip': 'a',
          'metallb.universe.tf/allow-shared-ip': 'b',
          'kubectl.kubernetes.io/last-applied-configuration': 'long'
        }
      },
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'c',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80 }],
        selector: { app: 'web' }
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] }, conditions: [] }
    }
    expect(trimService(service)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...METADATA,
        annotations: { 'metallb.io/allow-shared-ip': 'a', 'metallb.universe.tf/allow-shared-ip': 'b' }
      },
      spec: { type: 'LoadBalancer', loadBalancerClass: 'c', externalTrafficPolicy: 'Local' },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
    })
  })

  test('of almost nothing is almost nothing', () => {
    expect(trimService({})).toEqual({ apiVersion: 'v1', kind: 'Service', metadata: {}, spec: {} })
  })
})

test('a trimmed EndpointSlice keeps its Service, and where its endpoints are and how they are', () => {
  const slice: V1EndpointSlice = {
    metadata: { ...METADATA, labels: { 'kubernetes.io/service-name': 'web', more: 'x' } },
    addressType: 'IPv4',
    ports: [{ port: 80 }],
    endpoints: [
      { addresses: ['10.0.0.1'], nodeName: 'n1', conditions: { ready: true }, zone: 'z' },
      { addresses: ['10.0.0.2'] }
    ]
  }
  expect(trimEndpointSlice(slice)).toEqual({
    metadata: { ...METADATA, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: '',
    endpoints: [{ addresses: [], nodeName: 'n1', conditions: { ready: true } }, { addresses: [] }]
  })
  expect(trimEndpointSlice({ metadata: {}, addressType: 'IPv4', endpoints: [] }).endpoints).toEqual([])
})

describe('a node', () => {
  const node: V1Node = {
    metadata: { ...METADATA, annotations: { a: 'b' } },
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'NetworkUnavailable', status: 'True' }
      ],
      addresses: [
        { type: 'Hostname', address: 'n' },
        { type: 'InternalIP', address: '192.0.2.9' },
        { type: 'InternalIP', address: '2001:db8::9' }
      ],
      images: [{ names: ['large'] }]
    }
  }

  test('trimmed keeps its labels, its addresses inside and whether its network is there', () => {
    const { namespace: _namespace, ...kept } = METADATA
    expect(trimNode(node)).toEqual({
      metadata: kept,
      status: {
        conditions: [{ type: 'NetworkUnavailable', status: 'True' }],
        addresses: [
          { type: 'InternalIP', address: '192.0.2.9' },
          { type: 'InternalIP', address: '2001:db8::9' }
        ]
      }
    })
  })

  test('is reached at its first address inside, if it has one', () => {
    expect(memberOf(trimNode(node))).toEqual({ name: 'web', address: '192.0.2.9' })
    expect(memberOf({ metadata: { name: 'n' } })).toBeUndefined()
  })

  test.each([
    ['True', true],
    ['False', false],
    ['Unknown', false]
  ])('with the condition NetworkUnavailable %s is unavailable: %s', (status, isNetworkUnavailable) => {
    const view = nodeViewOf({
      metadata: { name: 'n' },
      status: { conditions: [{ type: 'NetworkUnavailable', status }] }
    })
    expect(view).toEqual({ name: 'n', isNetworkUnavailable, isExcluded: false })
  })

  test('keeps what asks for maintenance, and nothing else of annotations and taints', () => {
    const trimmed = trimNode({
      metadata: { name: 'n', annotations: { 'clarion.io/maintenance': 'disk', other: 'x' } },
      spec: {
        podCIDR: '10.0.0.0/24',
        taints: [
          { key: 'other', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }
        ]
      }
    })
    expect(trimmed.metadata?.annotations).toEqual({ 'clarion.io/maintenance': 'disk' })
    expect(trimmed.spec).toEqual({
      taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]
    })
  })

  test.each(['', 'true', 'false'])('is excluded by the label, whatever its value: %j', (value) => {
    const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': value }
    expect(nodeViewOf(trimNode({ metadata: { name: 'n', labels } })).isExcluded).toBe(true)
  })
})
