import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { buildCrdManifests } from '@clarion-lb/crds'
import { freePort, NAMESPACE, TestCluster } from '@clarion-lb/runtime/testing'
import { expect } from 'vitest'
import type { ReviewedKind } from '../src/webhooks/candidate.ts'
import { fieldOf, textOf } from '../src/webhooks/json.ts'
import { CONVERSION_PATH, REVIEW_PATHS } from '../src/webhooks/review-handlers.ts'
import { ControllerBench, type ControllerBenchOptions } from './controller-bench.ts'

export const SERVICE = { name: 'metallb-webhook-service', namespace: NAMESPACE } as const
export const HOST = `${SERVICE.name}.${NAMESPACE}.svc`
export const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'metallb-webhook-cert', namespace: NAMESPACE }
} as const
export const CONFIGURATION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'metallb-webhook-configuration' }
} as const
export const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'bgppeers.metallb.io' }
} as const

/** As it is in MetalLB's manifests, and one that is not ours. */
function webhooks(caBundle?: string) {
  const clientConfig = (path: string) => ({ service: { ...SERVICE, path }, ...(caBundle && { caBundle }) })
  const common = { admissionReviewVersions: ['v1'], sideEffects: 'None' }
  const rule = (kind: string) => ({
    apiGroups: ['metallb.io'],
    apiVersions: ['v1beta1', 'v1beta2'],
    operations: kind === 'BFDProfile' ? ['CREATE', 'DELETE'] : ['CREATE', 'UPDATE'],
    resources: [kind === 'Community' ? 'communities' : `${kind.toLowerCase()}s`]
  })
  return [
    ...Object.entries(REVIEW_PATHS).map(([kind, path]) => ({
      ...common,
      name: `${kind.toLowerCase()}validationwebhook.metallb.io`,
      clientConfig: clientConfig(path),
      rules: [rule(kind)]
    })),
    { ...common, name: 'other.example.org', clientConfig: { url: 'https://example.org/' } }
  ]
}

/** A cluster with MetalLB's manifests applied. */
export async function startWebhookCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.start()
  // Else it would be written to: the writes that are counted are those of webhooks.
  const livenessSecret = { ...SECRET, metadata: { ...SECRET.metadata, name: 'clarion-liveness' } }
  cluster.put({ ...livenessSecret, data: { current: Buffer.alloc(32, 1).toString('base64') } })
  putConfiguration(cluster)
  const manifests = buildCrdManifests({
    conversionWebhook: { serviceName: SERVICE.name, namespace: NAMESPACE }
  })
  const crd = manifests.find(({ metadata }) => metadata.name === CRD.metadata.name)
  cluster.put({ ...CRD, ...JSON.parse(JSON.stringify(crd)) })
  return cluster
}

/** Writes the whole configuration, as who knows nothing of our bundle does. */
export function putConfiguration(cluster: TestCluster, caBundle?: string): void {
  cluster.put({ ...CONFIGURATION, webhooks: webhooks(caBundle) })
}

export interface WebhookBench {
  readonly controller: ControllerBench
  readonly port: number
}

export async function startWebhooks(
  cluster: TestCluster,
  { argv = [], ...options }: ControllerBenchOptions = {}
): Promise<WebhookBench> {
  const port = await freePort()
  const given = ['--webhook-mode=enabled', `--webhook-port=${port}`, ...argv]
  return { controller: await ControllerBench.start(cluster, { argv: given, ...options }), port }
}

/** The bundles of all webhooks that are ours, and of the conversion; empty texts where there are none. */
export function bundlesOf(cluster: TestCluster): readonly string[] {
  const list = cluster.get(CONFIGURATION)['webhooks']
  const clientConfigs = (Array.isArray(list) ? list : [])
    .map((webhook: unknown) => fieldOf(webhook, 'clientConfig'))
    .filter((clientConfig) => fieldOf(clientConfig, 'service') !== undefined)
  const conversion = fieldOf(fieldOf(cluster.get(CRD)['spec'], 'conversion'), 'webhook')
  return [...clientConfigs, fieldOf(conversion, 'clientConfig')].map((config) => textOf(config, 'caBundle'))
}

/** What the Secret has under a key, as it is there. */
export function secretText(cluster: TestCluster, key: string): string {
  return textOf(cluster.find(SECRET)?.['data'], key)
}

/** Resolves when everybody is to believe the authority in the Secret. */
export async function eventuallyInjected(cluster: TestCluster): Promise<void> {
  await cluster.eventually(() => {
    const bundle = secretText(cluster, 'ca.crt')
    expect(bundle).not.toBe('')
    expect([...new Set(bundlesOf(cluster))]).toEqual([bundle])
  })
}

/** Calls as the API server does: by the name of the Service, believing what the configuration says. */
export async function call(cluster: TestCluster, port: number, path: string, body: object): Promise<unknown> {
  const ca = Buffer.from(bundlesOf(cluster)[0] ?? '', 'base64').toString('utf8')
  return callWith({ ca, port, path, body })
}

export function callWith(asked: {
  readonly ca: string
  readonly port: number
  readonly path: string
  readonly body: object
}): Promise<unknown> {
  const { ca, port, path, body } = asked
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const options = {
      host: 'localhost',
      port,
      path,
      method: 'POST',
      servername: HOST,
      agent: false,
      ca,
      headers
    }
    const sent = request(options, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve(JSON.parse(answer))
        else reject(new Error(`${response.statusCode} ${answer}`))
      }, reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

export function admission(kind: ReviewedKind, name: string, spec: object, operation = 'CREATE') {
  const metadata = { name, namespace: NAMESPACE }
  return {
    path: REVIEW_PATHS[kind],
    body: {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: 'u', kind: { kind }, operation, name, namespace: NAMESPACE, object: { metadata, spec } }
    }
  }
}

export function conversion(desiredAPIVersion: string, objects: readonly object[]) {
  return {
    path: CONVERSION_PATH,
    body: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { uid: 'u', desiredAPIVersion, objects }
    }
  }
}

/** What came of asking for a pool to be written: `true`, or the refusal. */
export async function askForPool(
  cluster: TestCluster,
  port: number,
  addresses: readonly string[]
): Promise<string | boolean> {
  const { path, body } = admission('IPAddressPool', 'asked', { addresses })
  const response = fieldOf(await call(cluster, port, path, body), 'response')
  return fieldOf(response, 'allowed') === true || textOf(fieldOf(response, 'status'), 'message')
}
