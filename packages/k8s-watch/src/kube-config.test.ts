import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { afterwards } from '../test/sim-bench.ts'
import { KubeClient } from './kube-client.ts'
import { loadKubeContext, parseKubeContext } from './kube-config.ts'

const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: one
clusters:
  - { name: c1, cluster: { server: 'https://192.0.2.1:6443', certificate-authority: pki/ca.crt } }
  - { name: c2, cluster: { server: 'https://[2001:db8::1]:6443' } }
users:
  - { name: u1, user: { token: secret } }
  - { name: u2, user: { tokenFile: token, client-certificate: me.crt, client-key: /abs/me.key } }
contexts:
  - { name: one, context: { cluster: c1, user: u1, namespace: metallb-system } }
  - { name: two, context: { cluster: c2, user: u2 } }
  - { name: broken, context: { cluster: missing, user: u1 } }
`

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'k8s-watch-'))
  afterwards(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

describe('parseKubeContext', () => {
  test('takes the current context, with paths relative to the file', async () => {
    const context = await parseKubeContext(KUBECONFIG, { directory: '/etc/kube' })
    expect(context).toMatchObject({
      namespace: 'metallb-system',
      cluster: { server: 'https://192.0.2.1:6443', caFile: '/etc/kube/pki/ca.crt' },
      user: { token: 'secret' }
    })
  })

  test('takes the context that was named, with its token file and certificates', async () => {
    const context = await parseKubeContext(KUBECONFIG, { directory: '/etc/kube', context: 'two' })
    expect(context).toMatchObject({
      namespace: undefined,
      user: {
        authProvider: { config: { tokenFile: '/etc/kube/token' } },
        certFile: '/etc/kube/me.crt',
        keyFile: '/abs/me.key'
      }
    })
  })

  test.each([
    ['no-context', 'nobody', KUBECONFIG],
    ['no-context', 'broken', KUBECONFIG],
    ['no-context', undefined, 'kind: Config'],
    ['malformed', undefined, '- a\n- list'],
    ['malformed', undefined, '{ "not": json']
  ])('%s when the context is %s', async (reason, context, text) => {
    const parsing = parseKubeContext(text, { context })
    await expect(parsing).rejects.toMatchObject({ code: 'ERR_K8S_CONFIG', reason })
  })
})

describe('loadKubeContext', () => {
  const none = { serviceAccountDirectory: '/nonexistent' } as const

  test('the file that is named wins over $KUBECONFIG, that over the service account, that over the home directory', async () => {
    const directory = directoryWith({
      named: KUBECONFIG.replace('192.0.2.1', '192.0.2.10'),
      listed: KUBECONFIG.replace('192.0.2.1', '192.0.2.20'),
      token: 'pod-token\n',
      namespace: 'metallb-system\n'
    })
    const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443', HOME: directory }
    const env = { ...pod, KUBECONFIG: join(directory, 'listed') }
    const options = { serviceAccountDirectory: directory }
    const servers = [
      await loadKubeContext({ ...options, env, kubeconfig: join(directory, 'named') }),
      await loadKubeContext({ ...options, env }),
      await loadKubeContext({ ...options, env: pod })
    ].map(({ cluster }) => cluster.server)
    expect(servers).toEqual(['https://192.0.2.10:6443', 'https://192.0.2.20:6443', 'https://10.96.0.1:443'])
    await expect(loadKubeContext({ ...none, env: { HOME: directory } })).rejects.toMatchObject({
      reason: 'unreadable'
    })
  })

  test('in a pod the token is the file, the namespace the pod’s, and an IPv6 server is bracketed', async () => {
    const directory = directoryWith({ token: 'pod-token', namespace: 'metallb-system\n' })
    const context = await loadKubeContext({
      env: { KUBERNETES_SERVICE_HOST: 'fd00::1' },
      serviceAccountDirectory: directory
    })
    expect(context).toMatchObject({
      namespace: 'metallb-system',
      cluster: { server: 'https://[fd00::1]:443', caFile: join(directory, 'ca.crt') },
      user: { authProvider: { name: 'tokenFile', config: { tokenFile: join(directory, 'token') } } }
    })
  })

  test('of several files in $KUBECONFIG the first that has a name wins', async () => {
    const directory = directoryWith({
      first: 'clusters:\n  - { name: c1, cluster: { server: "https://192.0.2.99" } }',
      second: KUBECONFIG
    })
    const files = ['first', 'second'].map((name) => join(directory, name)).join(delimiter)
    const context = await loadKubeContext({ ...none, env: { KUBECONFIG: files } })
    expect([context.cluster.server, context.user.token]).toEqual(['https://192.0.2.99', 'secret'])
  })
})

describe('servers without TLS', () => {
  const user = { name: 'u' }
  const clusterOf = (server: string): { name: string; server: string; skipTLSVerify: boolean } => ({
    name: 'c',
    server,
    skipTLSVerify: false
  })

  test.each(['http://192.0.2.1:8080', 'http://example.com', 'ftp://127.0.0.1'])(
    '%s gets no credentials',
    (server) => {
      const create = (): KubeClient =>
        new KubeClient({ cluster: clusterOf(server), user, namespace: undefined })
      expect(create).toThrow(expect.objectContaining({ reason: 'insecure' }))
    }
  )

  test.each(['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1'])(
    '%s is this machine',
    (server) => {
      const client = new KubeClient({ cluster: clusterOf(server), user, namespace: 'n' })
      expect(client.namespace).toBe('n')
    }
  )

  test('a server that is no URL is malformed', () => {
    const create = (): KubeClient =>
      new KubeClient({ cluster: clusterOf('nonsense'), user, namespace: undefined })
    expect(create).toThrow(expect.objectContaining({ reason: 'malformed' }))
  })
})
