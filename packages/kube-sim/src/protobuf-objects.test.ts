import { expect, test } from 'vitest'
import { readProtobufObject } from './protobuf-objects.ts'

function tagged(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value])
}

function whole(number: number, value: number): Buffer {
  return Buffer.from([number << 3, value])
}

function body(apiVersion: string, kind: string, object: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from('k8s\0'),
    tagged(1, tagged(1, apiVersion), tagged(2, kind)),
    tagged(2, object),
    tagged(3, ''),
    tagged(4, '')
  ])
}

test('a Namespace as `kubectl create namespace` sends it', () => {
  // Captured from kubectl 1.32, `kubectl create namespace demo`.
  const hex =
    '6b3873000a0f0a02763112094e616d657370616365121c0a140a0464656d6f12001a0022002a0032003800420012001a020a001a002200'
  expect(readProtobufObject(Buffer.from(hex, 'hex'))).toEqual({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'demo' },
    spec: {}
  })
})

test('a Service with its ports, maps and switches', () => {
  const port = tagged(
    1,
    tagged(1, 'http'),
    tagged(2, 'TCP'),
    whole(3, 80),
    tagged(4, whole(1, 1), whole(2, 0), tagged(3, 'web')),
    whole(5, 0)
  )
  const other = tagged(1, whole(3, 81), tagged(4, whole(1, 0), whole(2, 90), tagged(3, '')))
  const switched = tagged(
    2,
    port,
    other,
    tagged(2, tagged(1, 'app'), tagged(2, 'web')),
    tagged(4, 'LoadBalancer'),
    Buffer.from([0xa0, 0x01, 0x00])
  )
  expect(
    readProtobufObject(body('v1', 'Service', Buffer.concat([tagged(1, tagged(1, 's')), switched])))
  ).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: {
      ports: [
        { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web' },
        { port: 81, targetPort: 90 }
      ],
      selector: { app: 'web' },
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: false
    }
  })
})

test('the data of a Secret is base64 in JSON', () => {
  const secret = Buffer.concat([
    tagged(1, tagged(1, 's')),
    tagged(2, tagged(1, 'key'), tagged(2, 'open')),
    tagged(3, 'Opaque')
  ])
  expect(readProtobufObject(body('v1', 'Secret', secret))).toMatchObject({
    data: { key: 'b3Blbg==' },
    type: 'Opaque'
  })
})

test('a kind that is not described is none, a field that is not described an error', () => {
  expect(readProtobufObject(body('v1', 'Pod', tagged(1, tagged(1, 'p'))))).toBeUndefined()
  expect(() => readProtobufObject(body('v1', 'ConfigMap', tagged(9, 'x')))).toThrow('field 9 is not known')
})

test.each([
  ['nothing', ''],
  ['no magic', '6b387400'],
  ['a length beyond the end', '6b3873000aff'],
  ['an endless number', '6b387300ffffffffffffffffffffff'],
  ['an unknown wire type', '6b3873000b']
])('%s is refused', (_what, hex) => {
  expect(() => readProtobufObject(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})
