import { Agent, request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { ControlPlane } from '@clarion-lb/lab/kubernetes'
import { inParallel } from '../in-parallel.ts'

/**
 * What a client of the API server can reach that decides nothing: it writes one status after the other, on so many kept
 * connections.
 */
export class PlainClient {
  readonly #controlPlane: ControlPlane
  readonly #agent: Agent
  readonly #connections: number

  constructor(controlPlane: ControlPlane, connections: number) {
    this.#controlPlane = controlPlane
    this.#connections = connections
    const { ca, user } = controlPlane.connection
    const credentials = 'token' in user ? {} : { cert: user.certificate, key: user.privateKey }
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca, ...credentials })
  }

  /** Patches the status of `count` Services. @returns requests a second */
  async patchAll(
    count: number,
    nameOf: (index: number) => string,
    bodyOf: (index: number) => object
  ): Promise<number> {
    const startedAt = performance.now()
    await inParallel(count, this.#connections, async (i) => this.patch(nameOf(i), bodyOf(i)))
    return count / ((performance.now() - startedAt) / 1000)
  }

  /** Patches the status of one Service. */
  async patch(name: string, body: object): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const url = new URL(`/api/v1/namespaces/default/services/${name}/status`, this.#controlPlane.url)
    const sent = JSON.stringify(body)
    const headers = {
      'content-type': 'application/merge-patch+json',
      'content-length': Buffer.byteLength(sent),
      accept: 'application/json'
    }
    const outgoing = request(url, { method: 'PATCH', agent: this.#agent, headers }, (response) => {
      buffer(response).then((said) => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`status of ${name}: ${response.statusCode} ${said.toString()}`))
      }, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(sent)
    await promise
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** The same that a load balancer writes: an address, and the pool that it is of. */
export function assignment(index: number): object {
  return {
    metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': 'plain' } },
    status: { loadBalancer: { ingress: [{ ip: `10.81.${(index >> 8) & 255}.${index & 255}` }] } }
  }
}

/** Takes it back. */
export function clearing(): object {
  return {
    metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': null } },
    status: { loadBalancer: { ingress: null } }
  }
}
