import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { CLARION_NAMESPACE, type ControlPlane } from '@clarion-lb/lab/kubernetes'
import type { ControlPlaneFixture } from './control-plane-fixture.ts'

const ACCOUNT = { name: 'scraper', namespace: CLARION_NAMESPACE }
const RBAC = 'rbac.authorization.k8s.io'

/** Reads metrics as Prometheus does: with a token that may, and no more. */
export class Scraper {
  readonly #token: string

  private constructor(token: string) {
    this.#token = token
  }

  static async create({ controlPlane }: ControlPlaneFixture): Promise<Scraper> {
    const metadata = { name: ACCOUNT.name }
    const rules = [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]
    const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: ACCOUNT.name }
    const subjects = [{ kind: 'ServiceAccount', ...ACCOUNT }]
    await post(controlPlane, `/api/v1/namespaces/${CLARION_NAMESPACE}/serviceaccounts`, { metadata })
    await post(controlPlane, `/apis/${RBAC}/v1/clusterroles`, { metadata, rules })
    await post(controlPlane, `/apis/${RBAC}/v1/clusterrolebindings`, { metadata, roleRef, subjects })
    return new Scraper(await controlPlane.requestToken(ACCOUNT))
  }

  /** The value of the series with this name and these labels, as they are written; `undefined`: there is none. */
  async value(port: number, series: string): Promise<number | undefined> {
    const line = (await this.#read(port)).split('\n').find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  }

  #read(port: number): Promise<string> {
    const headers = { authorization: `Bearer ${this.#token}` }
    // Each process signs its own certificate.
    const options = { host: '127.0.0.1', port, path: '/metrics', headers, rejectUnauthorized: false }
    return new Promise((resolve, reject) => {
      get({ ...options, agent: false }, (response) => {
        const said = text(response)
        if (response.statusCode === 200) said.then(resolve, reject)
        else said.then((why) => reject(new Error(`${response.statusCode}: ${why}`)), reject)
      }).on('error', reject)
    })
  }
}

async function post(controlPlane: ControlPlane, path: string, body: object): Promise<void> {
  const { status, body: said } = await controlPlane.ask({ method: 'POST', path, body })
  if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(said)}`)
}
