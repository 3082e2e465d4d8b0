import { buildCrdManifests } from '@clarion-lb/crds'
import type { Scribe } from '../scribe.ts'
import { APPLY_PATCH, MERGE_PATCH, textAt, versionOf } from '../scribe.ts'
import type { Scenario } from './scenario.ts'

const METALLB = 'metallb.io/v1beta1'
const ESTABLISHED_TRIES = 200

function pool(name: string, spec: object): object {
  return { apiVersion: METALLB, kind: 'IPAddressPool', metadata: { name }, spec }
}

/** Not written down: how long it takes is the server's own. */
async function establish(scribe: Scribe): Promise<void> {
  const quiet = scribe.silent()
  for (const manifest of buildCrdManifests()) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${manifest.metadata.name}`
    await quiet.patch(`${path}?fieldManager=test&force=true`, APPLY_PATCH, manifest)
    const list = `/apis/${manifest.spec.group}/${manifest.spec.versions[0]?.name ?? ''}/${manifest.spec.names.plural}`
    for (let i = 0; i < ESTABLISHED_TRIES && (await quiet.get(list)).status !== 200; i += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, 50)
      })
    }
  }
}

export const CUSTOM_SCENARIOS: readonly Scenario[] = [
  {
    name: 'our CustomResourceDefinitions are taken as they are, and become established',
    differs: 'an empty list of properties is kept',
    run: async (scribe) => {
      await establish(scribe)
      for (const { metadata } of buildCrdManifests())
        await scribe.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`)
    }
  },
  {
    name: 'custom objects are checked and filled in by their schema',
    run: async (scribe, { group }) => {
      await establish(scribe)
      const pools = group(METALLB, 'ipaddresspools')
      await scribe.post(pools, pool('a', { addresses: ['192.0.2.0/24'] }))
      await scribe.post(pools, pool('b', { addresses: ['192.0.2.0/24'], surprise: 1 }))
      await scribe.post(
        `${pools}?fieldValidation=Strict`,
        pool('c', { addresses: ['192.0.2.0/24'], surprise: 1 })
      )
      await scribe.post(
        `${pools}?fieldValidation=Ignore`,
        pool('c', { addresses: ['192.0.2.0/24'], surprise: 1 })
      )
      await scribe.post(pools, pool('d', {}))
      await scribe.post(pools, pool('d', { addresses: 'x' }))
      await scribe.post(pools, pool('d', { addresses: [1, true] }))
      await scribe.post(pools, pool('d', { addresses: ['192.0.2.0/24'], autoAssign: 'yes' }))
      await scribe.post(pools, pool('Upper', { addresses: ['192.0.2.0/24'] }))
      await scribe.patch(`${pools}/a`, MERGE_PATCH, { spec: { autoAssign: false } })
      await scribe.patch(
        `${pools}/a?fieldManager=x`,
        APPLY_PATCH,
        pool('a', { addresses: ['198.51.100.0/24'] })
      )
      await scribe.patch(
        `${pools}/a?fieldManager=x&force=true`,
        APPLY_PATCH,
        pool('a', { addresses: ['198.51.100.0/24'] })
      )
      await scribe.get(pools)
    }
  },
  {
    name: 'peers, advertisements and profiles: rules of their schemas',
    run: async (scribe, { group }) => {
      await establish(scribe)
      const peer = (spec: object): object => ({
        apiVersion: 'metallb.io/v1beta2',
        kind: 'BGPPeer',
        metadata: { name: 'p' },
        spec
      })
      const peers = group('metallb.io/v1beta2', 'bgppeers')
      await scribe.post(peers, peer({ myASN: 64_500, peerASN: 64_501, peerAddress: '192.0.2.1' }))
      await scribe.delete(`${peers}/p`)
      await scribe.post(peers, peer({ myASN: 64_500 }))
      await scribe.post(peers, peer({ myASN: -1, peerASN: 4_294_967_296, peerAddress: '192.0.2.1' }))
      await scribe.post(
        peers,
        peer({ myASN: 64_500, peerASN: 64_501, dynamicASN: 'external', peerAddress: '192.0.2.1' })
      )
      await scribe.post(
        peers,
        peer({ myASN: 64_500, peerASN: 64_501, peerAddress: '192.0.2.1', holdTime: '1s', peerPort: 70_000 })
      )
      const profiles = group(METALLB, 'bfdprofiles')
      const profile = (spec: object): object => ({
        apiVersion: METALLB,
        kind: 'BFDProfile',
        metadata: { name: 'p' },
        spec
      })
      await scribe.post(profiles, profile({ receiveInterval: 1 }))
      await scribe.post(profiles, profile({}))
      const advertisements = group(METALLB, 'bgpadvertisements')
      await scribe.post(advertisements, {
        apiVersion: METALLB,
        kind: 'BGPAdvertisement',
        metadata: { name: 'a' },
        spec: { aggregationLength: 33, nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] }
      })
      await scribe.post(advertisements, {
        apiVersion: METALLB,
        kind: 'BGPAdvertisement',
        metadata: { name: 'b' },
        spec: { localPref: 100 }
      })
    }
  },
  {
    name: 'the status of a custom object is written by itself, and by version',
    run: async (scribe, { group }) => {
      await establish(scribe)
      const pools = group(METALLB, 'ipaddresspools')
      const spec = { addresses: ['192.0.2.0/24'] }
      const made = await scribe.post(pools, { ...pool('a', spec), status: { assignedIPv4: 5 } })
      const metadata = { name: 'a', resourceVersion: versionOf(made) }
      const status = { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 255, availableIPv6: 0 }
      await scribe.put(`${pools}/a/status`, { ...pool('a', { addresses: ['x'] }), metadata, status })
      await scribe.put(`${pools}/a/status`, { ...pool('a', spec), metadata, status })
      await scribe.put(`${pools}/a`, { ...pool('a', spec), metadata: { name: 'a' } })
      await scribe.patch(`${pools}/a/status`, MERGE_PATCH, { status: { assignedIPv4: 'many' } })
      const statuses = group(METALLB, 'servicel2statuses')
      await scribe.post(statuses, {
        apiVersion: METALLB,
        kind: 'ServiceL2Status',
        metadata: { generateName: 'generated-' }
      })
      const states = group(METALLB, 'configurationstates')
      const state = await scribe.post(states, {
        apiVersion: METALLB,
        kind: 'ConfigurationState',
        metadata: { name: 's' }
      })
      await scribe.put(`${states}/s/status`, {
        apiVersion: METALLB,
        kind: 'ConfigurationState',
        metadata: { name: 's', resourceVersion: textAt(state.body, 'metadata', 'resourceVersion') },
        status: { result: 'Perhaps' }
      })
    }
  }
]
