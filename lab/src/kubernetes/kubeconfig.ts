import type { Credentials } from './authority.ts'

/** How to reach an API server, and as whom. */
export interface Connection {
  /** As `https://127.0.0.1:6443`. */
  readonly url: string
  /** Certificate of the authority, PEM. */
  readonly ca: string
  /** Who asks: a certificate, or a token. */
  readonly user: Credentials | { readonly token: string }
}

/** A user of a kubeconfig file: the token may be in a file of its own, which is read again now and then. */
export type KubeconfigUser = Connection['user'] | { readonly tokenFile: string }

/** The text of a kubeconfig file: JSON, which is YAML too. */
export function formatKubeconfig({
  url,
  ca,
  user
}: Omit<Connection, 'user'> & { readonly user: KubeconfigUser }): string {
  const credentials =
    'certificate' in user
      ? {
          'client-certificate-data': base64(user.certificate),
          'client-key-data': base64(user.privateKey)
        }
      : user
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'lab', user: credentials }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab'
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
