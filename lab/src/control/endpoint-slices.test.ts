import { expect, test } from 'vitest'
import { buildEndpointSlices, type PodLike } from './endpoint-slices.ts'

function pod(name: string, ready: boolean, labels: Record<string, string> = { app: 'web' }): PodLike {
  return {
    metadata: { name, namespace: 'default', labels },
    spec: { nodeName: `node-${name}` },
    status: {
      podIPs: [{ ip: `10.244.0.${name}` }, { ip: `fd44::${name}` }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }]
    }
  }
}

test('a dual-stack Service has a slice for each family, with the pods that its selector matches', () => {
  const slices = buildEndpointSlices(
    {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { app: 'web' },
        ports: [{ port: 80, targetPort: 8080 }],
        ipFamilies: ['IPv4', 'IPv6']
      }
    },
    [pod('1', true), pod('2', false), pod('3', true, { app: 'other' })]
  )
  expect(
    slices.map((slice) => [
      slice.addressType,
      slice.endpoints.map(({ addresses, nodeName, conditions }) => [...addresses, nodeName, conditions.ready])
    ])
  ).toEqual([
    [
      'IPv4',
      [
        ['10.244.0.1', 'node-1', true],
        ['10.244.0.2', 'node-2', false]
      ]
    ],
    [
      'IPv6',
      [
        ['fd44::1', 'node-1', true],
        ['fd44::2', 'node-2', false]
      ]
    ]
  ])
  expect(slices[0]?.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }])
})

test('a Service without a selector is left to whoever makes its endpoints', () => {
  expect(
    buildEndpointSlices({ metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } }, [pod('1', true)])
  ).toEqual([])
})
