import type { ControlPlane } from '@clarion-lb/lab/kubernetes'

const WRITES = new Set(['PUT', 'PATCH', 'APPLY'])

/** How many writes of Services the API server has answered since it was started, as its metrics tell. */
export async function countServiceWrites(controlPlane: ControlPlane): Promise<number> {
  const { body } = await controlPlane.ask({ path: '/metrics', timeoutMs: 60_000 })
  if (typeof body !== 'string') throw new Error('the API server has no metrics')
  let sum = 0
  for (const line of body.split('\n')) {
    if (!line.startsWith('apiserver_request_total{') || !line.includes('resource="services"')) continue
    const verb = /verb="([A-Z]+)"/.exec(line)?.[1] ?? ''
    if (WRITES.has(verb)) sum += Number(line.slice(line.lastIndexOf(' ')))
  }
  return sum
}
