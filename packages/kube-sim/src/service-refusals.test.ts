import { expect, test } from 'vitest'
import { type Answer, type Client } from '../test/client.ts'
import { message, SERVICES, service } from '../test/objects.ts'
import { startSim } from '../test/start-sim.ts'
import { type Json, type JsonObject } from './json.ts'

function create(client: Client, name: string, given: JsonObject = {}): Promise<Answer> {
  return client.post(SERVICES, service(name, given))
}

function change(client: Client, name: string, given: JsonObject): Promise<Answer> {
  return client.patch(`${SERVICES}/${name}`, 'merge', { spec: given })
}

test.each<[string, JsonObject, string]>([
  ['no ports', { ports: [] }, 'spec.ports: Required value'],
  [
    'port 0',
    { ports: [{ port: 0 }] },
    'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'
  ],
  [
    'a port above all',
    { ports: [{ port: 65_536 }] },
    'spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive'
  ],
  [
    'an unknown protocol',
    { ports: [{ port: 80, protocol: 'ICMP' }] },
    'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'
  ],
  ['two ports without names', { ports: [{ port: 80 }, { port: 81 }] }, 'spec.ports[0].name: Required value'],
  [
    'two ports of one name',
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 }
      ]
    },
    'spec.ports[1].name: Duplicate value: "a"'
  ],
  [
    'one port twice',
    {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 }
      ]
    },
    'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80,'
  ],
  [
    'a bad target',
    { ports: [{ port: 80, targetPort: 'no-such--name' }] },
    'spec.ports[0].targetPort: Invalid value: "no-such--name": must not contain consecutive hyphens'
  ],
  [
    'a node port inside',
    { ports: [{ port: 80, nodePort: 30_001 }] },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
  ],
  [
    'an unknown type',
    { type: 'Balancer' },
    'spec.type: Unsupported value: "Balancer": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
  ],
  [
    'a headless load balancer',
    { type: 'LoadBalancer', clusterIP: 'None' },
    'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services'
  ],
  [
    'the port of the kubelet',
    { type: 'LoadBalancer', ports: [{ port: 10_250 }] },
    'spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet'
  ],
  [
    'a class inside',
    { loadBalancerClass: 'a/b' },
    "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"
  ],
  [
    'ranges inside',
    { loadBalancerSourceRanges: ['10.0.0.0/8'] },
    "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"
  ],
  [
    'bad ranges',
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] },
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value'
  ],
  [
    'a policy for traffic that cannot come',
    { externalTrafficPolicy: 'Local' },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'
  ],
  [
    'an unknown policy',
    { type: 'NodePort', externalTrafficPolicy: 'Near' },
    'spec.externalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"'
  ],
  [
    'a needless port for health checks',
    { type: 'LoadBalancer', healthCheckNodePort: 30_001 },
    "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
  ],
  [
    'an address of another network',
    { clusterIP: '192.0.2.1' },
    'spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16'
  ],
  [
    'no address at all',
    { clusterIP: 'ten' },
    'spec.clusterIPs[0]: Invalid value: "ten": must be a valid IP address'
  ],
  [
    'addresses that contradict',
    { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.8'] },
    'spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'
  ],
  [
    'two addresses of one family',
    { clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8', '10.96.0.9'], ipFamilyPolicy: 'RequireDualStack' },
    'may specify no more than one IP for each IP family'
  ],
  [
    'two families in one stack',
    { ipFamilies: ['IPv4', 'IPv6'] },
    "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
  ],
  [
    'a bad external address',
    { externalIPs: ['x'] },
    'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address'
  ],
  ['an alias without a name', { type: 'ExternalName' }, 'spec.externalName: Required value'],
  [
    'an alias with an address',
    { type: 'ExternalName', externalName: 'a', clusterIP: '10.96.0.9' },
    "spec.clusterIPs: Forbidden: may not be set when `type` is 'ExternalName'"
  ]
])('a Service with %s is refused', async (_what, given, expected) => {
  const { client } = await startSim()
  const { status, body } = await create(client, 'a', given)
  expect(status).toBe(422)
  expect(message(body)).toContain(expected)
})

test('a name begins with a letter', async () => {
  const { client } = await startSim()
  expect(message((await create(client, '1a')).body)).toContain(
    'metadata.name: Invalid value: "1a": a DNS-1035 label must'
  )
})

test.each<[string, JsonObject, JsonObject, string]>([
  [
    'its address',
    {},
    { clusterIP: '10.96.0.99' },
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.99"]: may not change once set'
  ],
  [
    'its family',
    {},
    { ipFamilies: ['IPv6'] },
    'spec.clusterIPs[0]: Invalid value: "10.96.0.2": expected an IPv6 value as indicated by `ipFamilies[0]`'
  ],
  [
    'its class',
    { type: 'LoadBalancer', loadBalancerClass: 'a/b' },
    { loadBalancerClass: 'a/c' },
    'spec.loadBalancerClass: Invalid value: "a/c": may not change once set'
  ],
  [
    'its want of a class',
    { type: 'LoadBalancer' },
    { loadBalancerClass: 'a/c' },
    'spec.loadBalancerClass: Invalid value: "a/c": may not change once set'
  ],
  [
    'its being headless',
    { clusterIP: 'None', selector: { a: 'b' } },
    { clusterIP: '10.96.0.9' },
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.9"]: may not change once set'
  ]
])('a Service cannot change %s', async (_what, given, patch, expected) => {
  const { client } = await startSim()
  await create(client, 'a', given)
  const { status, body } = await change(client, 'a', patch)
  expect(status).toBe(422)
  expect(message(body)).toContain(expected)
})

test('a status holds addresses of load balancers only', async () => {
  const { client } = await startSim()
  await create(client, 'inner')
  await create(client, 'outer', { type: 'LoadBalancer' })
  const write = async (name: string, entry: Json): Promise<string> =>
    message(
      (
        await client.patch(`${SERVICES}/${name}/status`, 'merge', {
          status: { loadBalancer: { ingress: [entry] } }
        })
      ).body
    )
  expect(await write('inner', { ip: '192.0.2.1' })).toContain(
    'status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is "LoadBalancer"'
  )
  expect(await write('outer', { ip: 'x' })).toContain('status.loadBalancer.ingress[0].ip: Invalid value: "x"')
  expect(await write('outer', { ip: '192.0.2.1', ipMode: 'Odd' })).toContain(
    'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Odd"'
  )
  expect(await write('outer', { ip: '192.0.2.1', ipMode: 'Proxy' })).toBe('')
  expect(await write('outer', { hostname: 'lb.example.test' })).toBe('')
})
