import { JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, versionOf } from '../scribe.ts'
import type { Scenario } from './scenario.ts'

function service(name: string, spec: object, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...metadata },
    spec: { ports: [{ port: 80 }], ...spec }
  }
}

const BALANCED = { type: 'LoadBalancer' }

export const SERVICE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a Service gets its defaults',
    run: async (scribe, { core }) => {
      await scribe.post(core('services'), service('plain', {}))
      await scribe.post(core('services'), service('balanced', BALANCED))
      await scribe.post(core('services'), service('dual', { ...BALANCED, ipFamilyPolicy: 'PreferDualStack' }))
      await scribe.post(core('services'), service('six', { ipFamilies: ['IPv6'] }))
      await scribe.post(core('services'), service('local', { ...BALANCED, externalTrafficPolicy: 'Local' }))
      await scribe.post(core('services'), service('headless', { clusterIP: 'None' }))
      await scribe.post(
        core('services'),
        service('portless', { ...BALANCED, allocateLoadBalancerNodePorts: false })
      )
      await scribe.post(
        core('services'),
        service('classy', { ...BALANCED, loadBalancerClass: 'clarion.test/x' })
      )
      await scribe.post(
        core('services'),
        service('external', { type: 'ExternalName', externalName: 'example.org', ports: undefined })
      )
    }
  },
  {
    name: 'a Service that makes no sense is refused with the same words',
    run: async (scribe, { core }) => {
      const specs = [
        { ports: [] },
        { ports: [{ port: 0, targetPort: 80 }] },
        { ports: [{ port: 80 }, { port: 81 }] },
        { ports: [{ port: 80, name: 'UPPER' }] },
        { ports: [{ port: 80, protocol: 'ICMP' }] },
        { type: 'Balancer' },
        { externalTrafficPolicy: 'Local' },
        { ...BALANCED, externalTrafficPolicy: 'Nearby' },
        { ...BALANCED, clusterIP: 'None' },
        { clusterIP: '192.0.2.1' },
        { clusterIP: 'x' },
        { ipFamilies: ['IPv5'] },
        { ipFamilies: ['IPv4', 'IPv4'] },
        { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
        { loadBalancerClass: 'clarion.test/x' },
        { ...BALANCED, loadBalancerClass: 'not a class' },
        { ...BALANCED, loadBalancerSourceRanges: ['192.0.2.0/33'] },
        { ...BALANCED, sessionAffinity: 'Sometimes' },
        { ...BALANCED, healthCheckNodePort: 30_500 }
      ]
      for (const [i, spec] of specs.entries()) await scribe.post(core('services'), service(`s${i}`, spec))
      await scribe.post(core('services'), service('1-digit-first', {}))
    }
  },
  {
    name: 'a Service that is changed keeps what may not change',
    run: async (scribe, { core }) => {
      await scribe.post(core('services'), service('s', BALANCED))
      await scribe.patch(core('services/s'), MERGE_PATCH, { spec: { loadBalancerClass: 'clarion.test/x' } })
      await scribe.patch(core('services/s'), MERGE_PATCH, {
        spec: { clusterIP: '10.96.3.4', clusterIPs: ['10.96.3.4'] }
      })
      await scribe.patch(core('services/s'), MERGE_PATCH, { spec: { ipFamilyPolicy: 'RequireDualStack' } })
      await scribe.patch(core('services/s'), MERGE_PATCH, { spec: { ipFamilies: ['IPv6'] } })
      await scribe.patch(core('services/s'), STRATEGIC_PATCH, {
        spec: {
          ports: [
            { port: 80, name: 'a' },
            { port: 81, name: 'b' }
          ]
        }
      })
      await scribe.patch(core('services/s'), MERGE_PATCH, { spec: { type: 'ClusterIP' } })
      await scribe.patch(core('services/s'), MERGE_PATCH, {
        spec: { type: 'ExternalName', externalName: 'e.org' }
      })
      await scribe.get(core('services/s'))
    }
  },
  {
    name: 'the status of a Service is written by itself, and by version',
    run: async (scribe, { core }) => {
      const made = await scribe.post(core('services'), service('s', BALANCED))
      const loadBalancer = { ingress: [{ ip: '192.0.2.10' }] }
      const written = { ...service('s', { ...BALANCED, ports: [{ port: 99 }] }), status: { loadBalancer } }
      const resourceVersion = versionOf(made)
      await scribe.put(core('services/s/status'), { ...written, metadata: { name: 's', resourceVersion } })
      await scribe.put(core('services/s/status'), { ...written, metadata: { name: 's', resourceVersion } })
      await scribe.patch(core('services/s/status'), MERGE_PATCH, {
        status: {
          loadBalancer: {
            ingress: [
              { ip: '192.0.2.11', ipMode: 'Proxy' },
              { ip: '2001:db8::1', ipMode: 'VIP' }
            ]
          }
        }
      })
      for (const ingress of [
        [{ ip: 'x' }],
        [{ hostname: 'e.org' }],
        [{ ip: '192.0.2.1', ipMode: 'Ghost' }],
        [{ ipMode: 'VIP' }],
        [{ ip: '192.0.2.1', ports: [{ port: 80, protocol: 'TCP', error: 'X' }] }]
      ])
        await scribe.patch(core('services/s/status'), MERGE_PATCH, { status: { loadBalancer: { ingress } } })
      await scribe.patch(core('services/s/status'), MERGE_PATCH, {
        status: {
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'r',
              message: '',
              lastTransitionTime: '2026-01-01T00:00:00Z'
            }
          ]
        }
      })
      await scribe.patch(core('services/s/status'), JSON_PATCH, [
        { op: 'remove', path: '/status/loadBalancer/ingress' }
      ])
      await scribe.patch(core('services/s/status'), MERGE_PATCH, {
        metadata: { labels: { a: 'b' } },
        spec: { type: 'ClusterIP' }
      })
      await scribe.patch(core('services/s'), MERGE_PATCH, {
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.12' }] } }
      })
      await scribe.post(core('services'), { ...service('t', BALANCED), status: { loadBalancer } })
      await scribe.get(core('services/s/status'))
    }
  },
  {
    name: 'a Service whose port gets a neighbour needs names, and its conditions are complete',
    differs: 'the port without a name is another one; fields of conditions that are missing stay so',
    run: async (scribe, { core }) => {
      await scribe.post(core('services'), service('s', BALANCED))
      await scribe.patch(core('services/s'), STRATEGIC_PATCH, { spec: { ports: [{ port: 81, name: 'b' }] } })
      await scribe.patch(core('services/s/status'), MERGE_PATCH, {
        status: { conditions: [{ type: 'Ready' }] }
      })
    }
  }
]
