import { MERGE_PATCH, STRATEGIC_PATCH, versionOf } from '../scribe.ts'
import type { Scenario } from './scenario.ts'

const COORDINATION = 'coordination.k8s.io/v1'
const DISCOVERY = 'discovery.k8s.io/v1'
const TIME = '2026-01-01T00:00:00.000000Z'

function lease(spec: object, metadata: object = {}): object {
  return { apiVersion: COORDINATION, kind: 'Lease', metadata: { name: 'l', ...metadata }, spec }
}

function event(name: string, namespace: string, more: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Service', name: 's', namespace },
    type: 'Normal',
    reason: 'IPAllocated',
    message: 'words',
    source: { component: 'metallb-controller' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 1,
    ...more
  }
}

export const KIND_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a Lease is taken, renewed, lost to a faster one, and released',
    run: async (scribe, { group }) => {
      const leases = group(COORDINATION, 'leases')
      const held = { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: TIME, renewTime: TIME }
      const made = await scribe.post(leases, lease({ ...held, leaseTransitions: 0 }))
      const resourceVersion = versionOf(made)
      await scribe.put(`${leases}/l`, lease({ ...held, holderIdentity: 'b' }, { resourceVersion }))
      await scribe.put(`${leases}/l`, lease({ ...held, holderIdentity: 'c' }, { resourceVersion }))
      await scribe.put(`${leases}/l`, lease(held))
      await scribe.patch(`${leases}/l`, MERGE_PATCH, {
        spec: { holderIdentity: '', leaseDurationSeconds: 1 }
      })
      await scribe.patch(`${leases}/l`, MERGE_PATCH, { spec: { leaseDurationSeconds: 0 } })
      await scribe.patch(`${leases}/l`, MERGE_PATCH, { spec: { leaseTransitions: -1 } })
      for (const renewTime of ['now', '2026-01-01T00:00:00Z'])
        await scribe.post(leases, lease({ renewTime }, { name: 'other' }))
      await scribe.get(`${leases}/l`)
    }
  },
  {
    name: 'an Event is made, counted, and read in its newer form',
    run: async (scribe, { core, group, namespace }) => {
      await scribe.post(core('events'), event('e', namespace))
      await scribe.patch(core('events/e'), STRATEGIC_PATCH, {
        count: 2,
        lastTimestamp: '2026-01-02T00:00:00Z'
      })
      await scribe.get(group('events.k8s.io/v1', 'events/e'))
      await scribe.post(
        core('events'),
        event('f', namespace, { involvedObject: { kind: 'Node', name: 'n' } })
      )
      await scribe.post(
        core('events'),
        event('g', namespace, { involvedObject: { kind: 'Service', name: 's', namespace: 'default' } })
      )
      await scribe.post(core('events'), event('h', namespace, { type: 'Odd' }))
      await scribe.post(core('events'), event('i', namespace, { eventTime: TIME }))
      await scribe.post(
        core('events'),
        event('j', namespace, {
          eventTime: TIME,
          action: 'A',
          reportingComponent: 'x.y/z',
          reportingInstance: 'i'
        })
      )
      await scribe.get(core('events?fieldSelector=involvedObject.name%3Ds,type%3DNormal'))
    }
  },
  {
    name: 'an EndpointSlice is made and changed, and nonsense is refused',
    differs: 'EndpointSlices get no defaults, and may change the type of their addresses',
    run: async (scribe, { group }) => {
      const slices = group(DISCOVERY, 'endpointslices')
      const slice = (more: object): object => ({
        apiVersion: DISCOVERY,
        kind: 'EndpointSlice',
        metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 's' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.244.1.10'], conditions: { ready: true }, nodeName: 'n' }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        ...more
      })
      await scribe.post(slices, slice({}))
      await scribe.put(`${slices}/x`, slice({ endpoints: [], ports: [{ port: 81 }] }))
      await scribe.put(`${slices}/x`, slice({ addressType: 'IPv6' }))
    }
  },
  {
    name: 'a Node has a status of its own',
    differs: 'Nodes get no defaults, and no taint of one that is not ready',
    run: async (scribe, { namespace }) => {
      const name = `node-of-${namespace}`
      const path = `/api/v1/nodes/${name}`
      await scribe.post('/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name },
        status: { phase: 'x' }
      })
      const addresses = [{ type: 'InternalIP', address: '192.0.2.1' }]
      await scribe.patch(`${path}/status`, MERGE_PATCH, { status: { addresses } })
      await scribe.patch(`${path}/status`, STRATEGIC_PATCH, {
        status: { conditions: [{ type: 'Ready', status: 'True', reason: 'r', message: 'm' }] }
      })
      await scribe.patch(`${path}/status`, STRATEGIC_PATCH, {
        status: { conditions: [{ type: 'NetworkUnavailable', status: 'False' }] }
      })
      await scribe.patch(path, MERGE_PATCH, { spec: { unschedulable: true } })
      await scribe.delete(path)
    }
  },
  {
    name: 'a Namespace, a Secret and a ServiceAccount with a token',
    differs: 'Secrets are not checked; tokens are given for accounts that are not there, and for any time',
    run: async (scribe, { core, namespace }) => {
      await scribe.post(core('secrets'), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's' },
        stringData: { secretkey: 'abc' }
      })
      await scribe.patch(core('secrets/s'), MERGE_PATCH, { data: { other: 'not base64!' } })
      await scribe.patch(core('secrets/s'), MERGE_PATCH, { type: 'Other' })
      await scribe.post(core('serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'a' }
      })
      const token = (spec: object): object => ({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec
      })
      await scribe.post(core('serviceaccounts/a/token'), token({ expirationSeconds: 3600 }))
      await scribe.post(core('serviceaccounts/a/token'), token({ expirationSeconds: 5 }))
      await scribe.post(core('serviceaccounts/none/token'), token({}))
      await scribe.get(`/api/v1/namespaces/${namespace}`)
      await scribe.post('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'Bad' }
      })
    }
  }
]
