import { CLARION_NAMESPACE, CONTROL_PLANE_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ControlPlaneFixture, NODE, until } from './control-plane-fixture.ts'
import { Controllers } from './controllers.ts'
import { skipReason } from './requirements.ts'
import { ADVERTISEMENT, L2_STATUSES, POOL } from './samples.ts'
import { Scraper } from './scraper.ts'

const METRIC = 'clarion_k8s_client_right_missing_bool'
const CONTROLLER_PORT = 9121
const SPEAKER_PORT = 9122
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const SERVICE_STATUS: StatusRight = {
  role: `${RBAC}/clusterroles/metallb-system:controller`,
  account: 'controller',
  group: '',
  resource: 'services'
}
const REPORT_STATUS: StatusRight = {
  role: `${RBAC}/namespaces/${CLARION_NAMESPACE}/roles/speaker`,
  account: 'speaker',
  group: 'metallb.io',
  resource: 'servicel2statuses'
}
const ENDPOINTS = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'first-1',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'first' }
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.244.1.10'], conditions: { ready: true }, nodeName: NODE }],
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }]
}

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('a right that is revoked', () => {
  let fixture: ControlPlaneFixture
  let scraper: Scraper

  /** Takes the rules with this right from a role; gives the function that gives them back. */
  const revoke = async (right: StatusRight): Promise<() => Promise<void>> => {
    const { role, account, group, resource } = right
    const rules = rulesOf((await fixture.controlPlane.ask({ path: role })).body)
    const lesser = rules.filter((rule) => !JSON.stringify(rule).includes(`"${resource}/status"`))
    expect(lesser.length).toBeLessThan(rules.length)
    const setRules = async (now: readonly unknown[]): Promise<void> => {
      const contentType = 'application/merge-patch+json'
      await fixture.controlPlane.ask({ method: 'PATCH', path: role, contentType, body: { rules: now } })
    }
    const giveBack = async (): Promise<void> => setRules(rules)
    onTestFinished(giveBack)
    await setRules(lesser)
    const user = `system:serviceaccount:${CLARION_NAMESPACE}:${account}`
    const update = { verb: 'update', namespace: CLARION_NAMESPACE, group, resource, subresource: 'status' }
    // The API server watches roles as others do: it goes by what is written a moment later.
    await until('the right is gone', async () => {
      const body = { spec: { user, resourceAttributes: update } }
      const answer = await fixture.controlPlane.ask({ method: 'POST', path: REVIEWS, body })
      expect(answer.body).toMatchObject({ status: { allowed: false } })
      return true
    })
    return giveBack
  }
  const waitForMetric = async (port: number, labels: string, wanted: number): Promise<void> => {
    await until(`${labels} is ${wanted}`, async () =>
      (await scraper.value(port, `${METRIC}{${labels}}`)) === wanted ? true : undefined
    )
  }

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start()
    await fixture.prepare()
    scraper = await Scraper.create(fixture)
    const controllers = new Controllers(fixture)
    await controllers.start('one', { args: ['--webhook-mode=disabled', `--port=${CONTROLLER_PORT}`] })
    await fixture.clarion.startSpeaker(NODE, { args: [`--port=${SPEAKER_PORT}`] })
    await fixture.api.apply(POOL)
    await fixture.api.apply(ADVERTISEMENT)
    await fixture.createService('first')
    await fixture.addressesOf('first')
  })
  afterAll(async () => fixture?.stop())

  test('of the controller is named in an event and a metric; once it is given again all goes on', async () => {
    const labels = 'resource="services/status",verb="update"'
    expect(await scraper.value(CONTROLLER_PORT, `${METRIC}{${labels}}`)).toBeUndefined()
    const giveBack = await revoke(SERVICE_STATUS)
    await fixture.createService('forbidden')
    await until('the event is written', async () =>
      (await fixture.eventsOf('forbidden')).includes('statusNotWritten') ? true : undefined
    )
    await waitForMetric(CONTROLLER_PORT, labels, 1)
    await giveBack()
    expect(await fixture.addressesOf('forbidden')).toHaveLength(1)
    await waitForMetric(CONTROLLER_PORT, labels, 0)
  })

  test('of the speaker is named in a metric; once it is given again what was missing is written', async () => {
    const labels = 'resource="servicel2statuses.metallb.io/status",verb="update"'
    const giveBack = await revoke(REPORT_STATUS)
    await fixture.api.apply(ENDPOINTS)
    await waitForMetric(SPEAKER_PORT, labels, 1)
    await giveBack()
    const status = await until('the status is written', async () => {
      const { items } = await (await fixture.client()).list(L2_STATUSES)
      return items.find((one) => one.status?.serviceName === 'first')?.status
    })
    expect(status.node).toBe(NODE)
    await waitForMetric(SPEAKER_PORT, labels, 0)
  })
})

/** To update the status of a resource. */
interface StatusRight {
  readonly role: string
  /** Whose right it is. */
  readonly account: string
  readonly group: string
  readonly resource: string
}

function rulesOf(body: unknown): readonly unknown[] {
  return typeof body === 'object' && body !== null && 'rules' in body && Array.isArray(body.rules)
    ? body.rules
    : []
}
