import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeyPair, loadCertificateMaker } from '@clarion-lb/runtime'
import { afterwards, pool, TestCluster } from '@clarion-lb/runtime/testing'
import { expect, test } from 'vitest'
import { admission, callWith, HOST, startWebhookCluster, startWebhooks } from '../../test/webhook-bench.ts'
import { WEBHOOKS } from '../tokens.ts'
import { CertificateDirectory } from './certificate-directory.ts'

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-'))
  afterwards(() => rm(directory, { recursive: true }))
  return directory
}

async function write(directory: string, { key, cert }: KeyPair): Promise<void> {
  await writeFile(join(directory, 'tls.key'), key)
  await writeFile(join(directory, 'tls.crt'), cert)
}

async function makePair(): Promise<{ readonly ca: string; readonly pair: KeyPair }> {
  const maker = await loadCertificateMaker()
  const validity = { nowMs: Date.now(), lifetimeMs: 3_600_000 }
  const authority = await maker.createAuthority({ ...validity, name: 'of others' })
  return {
    ca: authority.cert,
    pair: await maker.issueServerCertificate(authority, { ...validity, hosts: [HOST] })
  }
}

test('a certificate is taken when it comes, and again when it is replaced; one that is broken is not', async () => {
  const cluster = await TestCluster.start({ crds: [] })
  const directory = await makeDirectory()
  const taken: string[] = []
  const failures: string[] = []
  const source = new CertificateDirectory({ directory, checkMs: 5, firstCheckMs: 5 })
  afterwards(() => source.stop())
  source.start({
    onCertificate: ({ cert }) => {
      taken.push(cert)
      cluster.ring()
    },
    onFailure: (error) => {
      failures.push(String(error))
      cluster.ring()
    }
  })
  expect(failures).toEqual([expect.stringContaining('ENOENT')])
  const [one, two] = [await makePair(), await makePair()]
  await write(directory, one.pair)
  await cluster.eventually(() => expect(taken).toEqual([one.pair.cert]))
  await writeFile(join(directory, 'tls.key'), two.pair.key)
  await cluster.eventually(() => expect(failures.at(-1)).toContain('tls.key is not the key of tls.crt'))
  await writeFile(join(directory, 'tls.crt'), two.pair.cert)
  await cluster.eventually(() => expect(taken).toEqual([one.pair.cert, two.pair.cert]))
})

test('--disable-cert-rotation: what is in --cert-dir is served, and nothing is made or injected', async () => {
  const cluster = await startWebhookCluster()
  cluster.put(pool('old', ['192.0.2.0/24']))
  const directory = await makeDirectory()
  const argv = ['--disable-cert-rotation', `--cert-dir=${directory}`, '--webhook-mode=onlywebhook']
  const { controller, port } = await startWebhooks(cluster, { argv })
  expect(controller.root.resolve(WEBHOOKS).unreadyBecause()).toContain('ENOENT')
  const { ca, pair } = await makePair()
  await write(directory, pair)
  await cluster.eventually(() => expect(cluster.logs('webhooks served')).toHaveLength(1))
  expect(controller.root.resolve(WEBHOOKS).unreadyBecause()).toBeUndefined()
  const asked = admission('IPAddressPool', 'new', { addresses: ['192.0.2.0/24'] })
  expect(await callWith({ ca, port, ...asked })).toMatchObject({ response: { allowed: false } })
  const touched = ['secrets', 'validatingwebhookconfigurations', 'customresourcedefinitions']
  expect(cluster.requests.filter(({ resource }) => touched.includes(resource ?? ''))).toEqual([])
})
