import { CONTROL_PLANE_PROGRAMS } from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { skipReason } from '../requirements.ts'
import { type ApiServer, startReal, startStandIn } from '../servers.ts'
import { APPLY_SCENARIOS } from './scenarios/apply.ts'
import { CUSTOM_SCENARIOS } from './scenarios/custom.ts'
import { KIND_SCENARIOS } from './scenarios/kinds.ts'
import { LIST_SCENARIOS } from './scenarios/lists.ts'
import { OBJECT_SCENARIOS } from './scenarios/objects.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { SERVICE_SCENARIOS } from './scenarios/services.ts'
import { Scribe } from './scribe.ts'

const SCENARIOS: readonly (readonly [string, readonly Scenario[]])[] = [
  ['objects', OBJECT_SCENARIOS],
  ['lists', LIST_SCENARIOS],
  ['apply', APPLY_SCENARIOS],
  ['services', SERVICE_SCENARIOS],
  ['kinds', KIND_SCENARIOS],
  ['custom', CUSTOM_SCENARIOS]
]

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('kube-sim answers as Kubernetes does', () => {
  let standIn: ApiServer
  let real: ApiServer

  beforeAll(async () => {
    standIn = await startStandIn()
    real = await startReal()
  })
  afterAll(async () => Promise.all([standIn?.stop(), real?.stop()]))

  describe.each(SCENARIOS)('%s', (group, scenarios) => {
    const rows = scenarios.map((scenario, i) => ({ ...scenario, scenario, namespace: `${group}-${i}` }))

    test.each(rows.filter(({ differs }) => differs === undefined))(
      '$name',
      async ({ scenario, namespace }) => {
        const ours = await transcriptOf(standIn, scenario, namespace)
        expect(ours).toEqual(await transcriptOf(real, scenario, namespace))
      }
    )

    // A note goes when it is not true any more.
    test.each(rows.filter(({ differs }) => differs !== undefined))(
      'known to differ: $name: $differs',
      async ({ scenario, namespace }) => {
        const ours = await transcriptOf(standIn, scenario, namespace)
        expect(ours).not.toEqual(await transcriptOf(real, scenario, namespace))
      }
    )
  })
})

/** What a scenario brings to light, in a namespace of its own. */
async function transcriptOf(
  server: ApiServer,
  scenario: Scenario,
  namespace: string
): Promise<readonly unknown[]> {
  const scribe = new Scribe(server.connection)
  const created = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
  await scribe.silent().post('/api/v1/namespaces', created)
  await scenario.run(scribe, {
    namespace,
    core: (rest) => `/api/v1/namespaces/${namespace}/${rest}`,
    group: (groupVersion, rest) => `/apis/${groupVersion}/namespaces/${namespace}/${rest}`,
    server
  })
  return scribe.transcript
}
