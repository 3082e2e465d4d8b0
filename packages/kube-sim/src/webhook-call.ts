import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { arrayAt, type JsonObject, numberAt, objectAt, stringAt } from './json.ts'
import { type Store } from './store.ts'

/** How to reach a webhook. */
export interface WebhookTarget {
  readonly host: string
  readonly port: number
  /** Of the certificate. */
  readonly servername: string
  readonly path: string
  /** Who vouches for it, PEM. */
  readonly ca: string
}

/**
 * Where the `clientConfig` of a webhook leads: to the first ready endpoint of its Service.
 *
 * @throws Error that says what is missing
 */
export function findTarget(store: Store, webhook: JsonObject): WebhookTarget {
  const config = objectAt(webhook, 'clientConfig')
  const ca = Buffer.from(stringAt(config, 'caBundle') ?? '', 'base64').toString('utf8')
  const url = stringAt(config, 'url')
  if (url !== undefined) {
    const { hostname, port, pathname } = new URL(url)
    return {
      host: hostname,
      port: Number(port === '' ? 443 : port),
      servername: hostname,
      path: pathname,
      ca
    }
  }
  const service = objectAt(config, 'service')
  const [namespace = '', name = ''] = [stringAt(service, 'namespace'), stringAt(service, 'name')]
  if (store.get('/services', namespace, name) === undefined) throw new Error(`service "${name}" not found`)
  for (const { object } of store.list('discovery.k8s.io/endpointslices')) {
    const { metadata } = object
    if (metadata.namespace !== namespace || metadata.labels?.['kubernetes.io/service-name'] !== name) continue
    const host = stringAt(arrayAt(object, 'endpoints')[0], 'addresses', 0)
    const port = numberAt(arrayAt(object, 'ports')[0], 'port')
    if (host === undefined || port === undefined) continue
    return { host, port, servername: `${name}.${namespace}.svc`, path: stringAt(service, 'path') ?? '/', ca }
  }
  throw new Error(`no endpoints available for service "${name}"`)
}

/** Posts a review and gives the text of the answer. @throws Error */
export function callWebhook(target: WebhookTarget, body: JsonObject, timeoutMs: number): Promise<string> {
  const { ca, ...where } = target
  return new Promise((resolve, reject) => {
    const options = {
      ...where,
      ...(ca === '' ? {} : { ca }),
      path: `${where.path}?timeout=${timeoutMs / 1000}s`,
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs)
    }
    const sent = request(options, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve(answer)
        else
          reject(new Error(`an error on the server ("${answer}") has prevented the request from succeeding`))
      }, reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
