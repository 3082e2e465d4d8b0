import { readFile } from 'node:fs/promises'
import { LEASES, SERVICES } from '@clarion-lb/k8s-watch'
import type { LabProcess } from '@clarion-lb/lab'
import { CLARION_NAMESPACE } from '@clarion-lb/lab/kubernetes'
import { type ControlPlaneFixture, NODE, until } from './control-plane-fixture.ts'

const CONNECTIONS = 16
/** Of the end of a log, where something is amiss. */
const LOG_LINES = 20
/** So many at once wait for each other. */
const CREATE_TIMEOUT_MS = 60_000
const LEASE = { namespace: CLARION_NAMESPACE, name: 'clarion-controller' }

/** Controllers by the names of their pods, and the many Services that they have to do with. */
export class Controllers {
  readonly #fixture: ControlPlaneFixture
  readonly #processes = new Map<string, LabProcess>()

  constructor(fixture: ControlPlaneFixture) {
    this.#fixture = fixture
  }

  /** Its pod is an object only. @param more - Its token, where it finds the API server, and flags. */
  async start(
    name: string,
    more: { readonly token?: string; readonly url?: string; readonly args?: readonly string[] } = {}
  ): Promise<void> {
    const { api, clarion } = this.#fixture
    const containers = [{ name: 'controller', image: 'none' }]
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: CLARION_NAMESPACE },
      spec: { nodeName: NODE, serviceAccountName: 'controller', containers }
    }
    await api.apply(pod)
    const place = { name, env: { METALLB_POD_NAME: name }, args: ['--webhook-mode=disabled'], ...more }
    this.#processes.set(name, await clarion.startController(place))
  }

  get(name: string): LabProcess | undefined {
    return this.#processes.get(name)
  }

  async stop(name: string): Promise<void> {
    await this.#processes.get(name)?.stop()
    this.#processes.delete(name)
  }

  /** Its log. */
  async said(name: string): Promise<string> {
    return readFile(this.#fixture.clarion.logFile(name), 'utf8')
  }

  /** Resolves when its log has this text. */
  async waitForLog(name: string, text: string, timeoutMs?: number): Promise<void> {
    const ask = async (): Promise<true | undefined> =>
      (await this.said(name)).includes(text) ? true : undefined
    await until(`the log of ${name} has ${text}`, ask, timeoutMs)
  }

  /** Who leads, once somebody does. */
  async leader(): Promise<string> {
    return until('somebody leads', async () => {
      const { spec } = await (await this.#fixture.client()).get(LEASES, LEASE)
      return this.#processes.has(spec?.holderIdentity ?? '') ? spec?.holderIdentity : undefined
    })
  }

  /**
   * Creates Services, as fast as the API server takes them: without ports of nodes, of which there are fewer than three
   * thousand, in one object that all who create write.
   */
  async createMany(namespace: string, prefix: string, count: number): Promise<void> {
    const client = await this.#fixture.client()
    let next = 0
    const work = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) {
        const metadata = { name: `${prefix}-${i}`, namespace }
        const spec = {
          type: 'LoadBalancer',
          allocateLoadBalancerNodePorts: false,
          ports: [{ port: 80 }]
        }
        await client.create(SERVICES, { metadata, spec }, { timeoutMs: CREATE_TIMEOUT_MS })
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, work))
  }

  /**
   * Addresses of all Services by `namespace/name`, once this many have one.
   *
   * @throws Error with how many have, and what the controllers have said last
   */
  async allAddresses(count: number, timeoutMs?: number): Promise<ReadonlyMap<string, string>> {
    let known = 0
    const ask = async (): Promise<ReadonlyMap<string, string> | undefined> => {
      const { items } = await (await this.#fixture.client()).list(SERVICES)
      const addresses = new Map(
        items.flatMap(({ metadata, status }) =>
          (status?.loadBalancer?.ingress ?? []).map(({ ip = '' }): [string, string] => [
            `${metadata?.namespace}/${metadata?.name}`,
            ip
          ])
        )
      )
      known = addresses.size
      return known >= count ? addresses : undefined
    }
    try {
      return await until(`${count} Services have addresses`, ask, timeoutMs)
    } catch (error) {
      const names = [...this.#processes.keys()]
      const ends = await Promise.all(names.map(async (name) => `--- ${name}\n${await this.#lastSaid(name)}`))
      throw new Error(`${known} of ${count} Services have addresses\n${ends.join('\n')}`, { cause: error })
    }
  }

  async #lastSaid(name: string): Promise<string> {
    return (await this.said(name)).trimEnd().split('\n').slice(-LOG_LINES).join('\n')
  }

  /** How many Services want addresses. */
  async countServices(): Promise<number> {
    const { items } = await (await this.#fixture.client()).list(SERVICES)
    return items.filter(({ spec }) => spec?.type === 'LoadBalancer').length
  }
}
