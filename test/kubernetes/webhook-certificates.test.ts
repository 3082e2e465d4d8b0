import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  SECRETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS
} from '@clarion-lb/k8s-watch'
import {
  type ApiAnswer,
  Authority,
  applyManifest,
  CLARION_NAMESPACE,
  CONTROL_PLANE_PROGRAMS,
  readManifests
} from '@clarion-lb/lab/kubernetes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ControlPlaneFixture, ROOT, until } from './control-plane-fixture.ts'
import { Controllers } from './controllers.ts'
import { skipReason } from './requirements.ts'

const SECRET = { namespace: CLARION_NAMESPACE, name: 'metallb-webhook-cert' }
const LEASE = { namespace: CLARION_NAMESPACE, name: 'clarion-controller' }
const SERVICE = 'metallb-webhook-service'
const HOST = `${SERVICE}.${CLARION_NAMESPACE}.svc`
const CONFIGURATION = { namespace: '', name: 'metallb-webhook-configuration' }
const PEERS_CRD = { namespace: '', name: 'bgppeers.metallb.io' }
/** An address of this machine that an API server takes as that of a pod. */
const POD_ADDRESS = '192.0.2.1'
const POOLS = `/apis/metallb.io/v1beta1/namespaces/${CLARION_NAMESPACE}/ipaddresspools`
/** One that is stored in the other version. */
const PEER = {
  apiVersion: 'metallb.io/v1beta2',
  kind: 'BGPPeer',
  metadata: { name: 'router', namespace: CLARION_NAMESPACE },
  spec: { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.254' }
}
const OLD_PEER = `/apis/metallb.io/v1beta1/namespaces/${CLARION_NAMESPACE}/bgppeers/router`
const GOOD = 'ok, refused, ok'
const REFUSED = 'denied the request: IPAddressPool'
/** Reviews before and after the rotation. */
const MIN_REVIEWS = 20

const reason = await skipReason(CONTROL_PLANE_PROGRAMS)

describe.skipIf(reason !== undefined)('the certificate of webhooks on a real API server', () => {
  let fixture: ControlPlaneFixture
  let controllers: Controllers

  /** Asks for a pool that is good, or one that only the webhook knows to be bad; nothing is stored. */
  const createPool = async (addresses: readonly string[]): Promise<ApiAnswer> => {
    const metadata = { name: 'asked', namespace: CLARION_NAMESPACE }
    const body = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata, spec: { addresses } }
    return fixture.controlPlane.ask({ method: 'POST', path: `${POOLS}?dryRun=All`, body })
  }
  /** What comes of a good pool, a bad one, and a peer in another version; {@link GOOD} while webhooks are called. */
  const review = async (): Promise<string> => {
    const good = await createPool(['192.0.2.0/24'])
    const bad = await createPool(['192.0.2.9-192.0.2.1'])
    const peer = await fixture.controlPlane.ask({ path: OLD_PEER })
    const answers: readonly (readonly [ApiAnswer, string])[] = [
      [good, ''],
      [bad, REFUSED],
      [peer, '']
    ]
    return answers
      .map(([{ status, body }, expected]) => {
        const said = JSON.stringify(body)
        return status < 300 ? 'ok' : expected !== '' && said.includes(expected) ? 'refused' : said
      })
      .join(', ')
  }
  /** Reviews from now on, one after the other, until it is called for what came of them. */
  const keepReviewing = (): Reviews => {
    const seen = new Set<string>()
    let count = 0
    let isOver = false
    const work = async (): Promise<void> => {
      while (!isOver) {
        seen.add(await review().catch(String))
        count += 1
      }
    }
    const working = Promise.all([work(), work()])
    return {
      count: () => count,
      stop: async () => {
        isOver = true
        await working
        return seen
      }
    }
  }
  const stored = async (name: 'ca.crt' | 'tls.crt'): Promise<string> => {
    const { data } = await (await fixture.client()).get(SECRETS, SECRET)
    return data?.[name] ?? ''
  }
  /** The authorities that the API server is told to believe, of every webhook and of the conversion. */
  const bundles = async (): Promise<ReadonlySet<string | undefined>> => {
    const client = await fixture.client()
    const { webhooks = [] } = await client.get(VALIDATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION)
    const { spec } = await client.get(CUSTOM_RESOURCE_DEFINITIONS, PEERS_CRD)
    const ofConversion = spec.conversion?.webhook?.clientConfig?.caBundle
    return new Set([...webhooks.map(({ clientConfig }) => clientConfig.caBundle), ofConversion])
  }
  const enough = async (reviews: Reviews): Promise<void> => {
    const from = reviews.count()
    await until('there were reviews', async () => (reviews.count() >= from + MIN_REVIEWS ? true : undefined))
  }
  /** Another one leads, for as long as an hour without a renewal. */
  const lease = async (holderIdentity: string): Promise<void> => {
    const now = new Date().toISOString().replace('Z', '000Z')
    const spec = { holderIdentity, leaseDurationSeconds: 3600, acquireTime: now, renewTime: now }
    await fixture.api.apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: LEASE, spec })
  }

  beforeAll(async () => {
    fixture = await ControlPlaneFixture.start()
    await fixture.prepare()
    controllers = new Controllers(fixture)
    await lease('somebody')
    // As another controller, or MetalLB, has left it: with less than 90 days to live.
    const authority = await Authority.create('metallb-webhook-ca')
    const server = await authority.issue({ commonName: HOST, hosts: [HOST] })
    const { certificate, privateKey } = authority.credentials
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const data = {
      'ca.crt': base64(certificate),
      'ca.key': base64(privateKey),
      'tls.crt': base64(server.certificate),
      'tls.key': base64(server.privateKey)
    }
    await fixture.api.apply({ apiVersion: 'v1', kind: 'Secret', metadata: SECRET, data })
    const labels = { 'kubernetes.io/service-name': SERVICE }
    await fixture.api.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'webhooks', namespace: CLARION_NAMESPACE, labels },
      addressType: 'IPv4',
      endpoints: [{ addresses: [POD_ADDRESS], conditions: { ready: true } }],
      ports: [{ name: '', port: 9443, protocol: 'TCP' }]
    })
    await controllers.start('one', { args: ['--webhook-mode=enabled'] })
    await controllers.waitForLog('one', '"msg":"webhooks served"')
    await believe(base64(certificate))
    await until('a peer is taken', async () => {
      await fixture.api.apply(PEER)
      return true
    })
    await until('pools are reviewed', async () => {
      const answers = await review()
      if (answers !== GOOD) throw new Error(answers)
      return true
    })
  })
  afterAll(async () => fixture?.stop())

  /** As the leader before has told the API server. */
  const believe = async (caBundle: string): Promise<void> => {
    const { connection } = fixture.controlPlane
    const manifests = await readManifests(join(ROOT, 'deploy', 'manifests', 'clarion-native.yaml'))
    for (const manifest of manifests.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration')) {
      const { status } = await applyManifest(connection, manifest)
      expect(status).toBeLessThan(300)
    }
    const client = await fixture.client()
    const { webhooks = [] } = await client.get(VALIDATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION)
    const injected = {
      metadata: { name: CONFIGURATION.name },
      webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } }))
    }
    const options = { fieldManager: 'clarion-webhooks', force: true }
    await client.apply(VALIDATING_WEBHOOK_CONFIGURATIONS, injected, options)
    const spec = { conversion: { webhook: { clientConfig: { caBundle } } } }
    await client.patch(CUSTOM_RESOURCE_DEFINITIONS, PEERS_CRD, { type: 'merge', body: { spec } })
  }

  test('that is about to end is replaced, and its authority renewed, without one review that fails', async () => {
    const before = { authority: await stored('ca.crt'), server: await stored('tls.crt') }
    const reviews = keepReviewing()
    await enough(reviews)
    await lease('')
    await controllers.waitForLog('one', '"msg":"webhook certificate replaced"')
    await until('the new authority is believed', async () => {
      const now = await bundles()
      return now.size === 1 && !now.has(before.authority) ? true : undefined
    })
    await enough(reviews)
    expect(await reviews.stop()).toEqual(new Set([GOOD]))
    const [authority, server] = [await stored('ca.crt'), await stored('tls.crt')]
    expect(server).not.toBe(before.server)
    expect(await bundles()).toEqual(new Set([authority]))
    expect(isIssuedBy(server, authority)).toBe(true)
  })

  test('that is taken from the Secret is made anew, without one review that fails', async () => {
    const before = await stored('tls.crt')
    const reviews = keepReviewing()
    await enough(reviews)
    const client = await fixture.client()
    const body = { data: { 'tls.crt': null, 'tls.key': null } }
    await client.patch(SECRETS, SECRET, { type: 'merge', body })
    const server = await until('there is another one', async () => {
      const now = await stored('tls.crt')
      return now !== '' && now !== before ? now : undefined
    })
    await enough(reviews)
    expect(await reviews.stop()).toEqual(new Set([GOOD]))
    const authority = await stored('ca.crt')
    expect(await bundles()).toEqual(new Set([authority]))
    expect(isIssuedBy(server, authority)).toBe(true)
  })

  test('that is deleted with its authority is made anew, with another, without one review that fails', async () => {
    const before = await stored('ca.crt')
    const reviews = keepReviewing()
    await enough(reviews)
    await (await fixture.client()).delete(SECRETS, SECRET)
    const authority = await until('another one is believed', async () => {
      const now = await stored('ca.crt')
      const believed = await bundles()
      return now !== before && believed.size === 1 && believed.has(now) ? now : undefined
    })
    await enough(reviews)
    expect(await reviews.stop()).toEqual(new Set([GOOD]))
    expect(isIssuedBy(await stored('tls.crt'), authority)).toBe(true)
  })
})

interface Reviews {
  readonly count: () => number
  /** Ends them, and tells what came of them. */
  readonly stop: () => Promise<ReadonlySet<string>>
}

/** Both as a Secret has them. */
function isIssuedBy(server: string, authority: string): boolean {
  const [one, other] = [server, authority].map(
    (text) => new X509Certificate(Buffer.from(text, 'base64').toString('utf8'))
  )
  return one !== undefined && other !== undefined && one.checkIssued(other) && one.verify(other.publicKey)
}
