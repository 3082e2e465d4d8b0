import { stringify } from 'yaml'

/** What a client needs to reach the server. */
export interface KubeconfigFacts {
  readonly url: string
  /** PEM. */
  readonly ca: string
  readonly token: string
}

/** The text of a kubeconfig file with one cluster, one user and one context, all named `kube-sim`. */
export function formatKubeconfig({ url, ca, token }: KubeconfigFacts): string {
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'kube-sim',
          cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
        }
      ],
      users: [{ name: 'kube-sim', user: { token } }],
      contexts: [{ name: 'kube-sim', context: { cluster: 'kube-sim', user: 'kube-sim' } }],
      'current-context': 'kube-sim'
    },
    { lineWidth: 0 }
  )
}
