import { NAMESPACE, TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test } from 'vitest'
import { request } from '../../test/review-bench.ts'
import { ExistingObjectsReader } from './existing-objects.ts'
import { review } from './review.ts'

const CONTEXT = { namespace: NAMESPACE, bgpType: 'frr' }

/** Asks for a pool that is reserved in this way, as a webhook does. */
async function askFor(serviceAllocation: object) {
  const cluster = await TestCluster.start()
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'there', labels: { team: 'a' } } })
  const reader = new ExistingObjectsReader({ client: await cluster.client(), namespace: NAMESPACE })
  const asked = request('IPAddressPool', { addresses: ['192.0.2.0/24'], serviceAllocation }, {})
  const existing = await reader.read(asked, new AbortController().signal)
  const isRead = cluster.requests.some(({ resource }) => resource === 'namespaces')
  return { isRead, response: review(asked, existing, CONTEXT) }
}

test.each<[string, object, string]>([
  ['name', { namespaces: ['there', 'gone'] }, 'spec.serviceAllocation.namespaces[1] gone'],
  [
    'label',
    { namespaceSelectors: [{ matchLabels: { team: 'b' } }] },
    'spec.serviceAllocation.namespaceSelectors'
  ]
])(
  'who reserves a pool for namespaces by %s is told which are not there',
  async (_how, allocation, words) => {
    const { response } = await askFor(allocation)
    expect(response).toMatchObject({ allowed: true, warnings: [expect.stringContaining(words)] })
  }
)

test.each<[object]>([
  [{ namespaces: ['there'] }],
  [{ namespaceSelectors: [{ matchLabels: { team: 'a' } }] }]
])('nothing is said of those that are there: %j', async (allocation) => {
  const { isRead, response } = await askFor(allocation)
  expect([isRead, response.allowed, response.warnings]).toEqual([true, true, undefined])
})

test('namespaces are not read for a pool that names none', async () => {
  const { isRead, response } = await askFor({ namespaces: [], namespaceSelectors: [], priority: 1 })
  expect([isRead, response.warnings]).toEqual([false, undefined])
})
