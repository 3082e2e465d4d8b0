import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { type KubeClient, type KubeObject, resourcePath } from '@clarion-lb/k8s-watch'
import { type TestCluster } from './test-cluster.ts'

/** Asks the server for reviews; their answers are objects without a name. */
export function reviewClient({ sim }: TestCluster): Pick<KubeClient, 'create'> {
  return {
    create: async <T extends KubeObject>(
      resource: Parameters<typeof resourcePath>[0],
      object: T
    ): Promise<T> => {
      const { status, body } = await post(sim.url + resourcePath(resource, {}), {
        body: JSON.stringify(object),
        ca: sim.ca,
        token: sim.token
      })
      const answer: unknown = JSON.parse(body)
      if (status !== 201 || !isObject<T>(answer)) throw Object.assign(new Error(body), { status })
      return answer
    }
  }
}

async function post(
  url: string,
  { body, ca, token }: { readonly body: string; readonly ca: string; readonly token: string }
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', ca, headers, agent: false }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode, body: answer }), reject)
    })
    call.on('error', reject).end(body)
  })
}

function isObject<T>(value: unknown): value is T {
  return typeof value === 'object' && value !== null
}
