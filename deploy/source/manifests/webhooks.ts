import { KINDS } from '../../../packages/crds/src/index.ts'
import { LABELS, type ManifestObject, metadata, NAMESPACE, podLabels, WEBHOOK } from './objects.ts'

/** What is checked before it is stored: webhook name, kind, version, operations. */
const CHECKED = [
  ['bgppeersvalidationwebhook', 'BGPPeer', 'v1beta2', ['CREATE', 'UPDATE']],
  ['ipaddresspoolvalidationwebhook', 'IPAddressPool', 'v1beta1', ['CREATE', 'UPDATE']],
  ['bgpadvertisementvalidationwebhook', 'BGPAdvertisement', 'v1beta1', ['CREATE', 'UPDATE']],
  ['communityvalidationwebhook', 'Community', 'v1beta1', ['CREATE', 'UPDATE']],
  ['bfdprofilevalidationwebhook', 'BFDProfile', 'v1beta1', ['CREATE', 'DELETE']],
  ['l2advertisementvalidationwebhook', 'L2Advertisement', 'v1beta1', ['CREATE', 'UPDATE']]
] as const

/**
 * The webhooks that check objects and convert BGPPeers. The authority that vouches for them (`caBundle`), and what is in
 * the Secret, the controller puts in.
 */
export function webhookObjects(): readonly ManifestObject[] {
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata(WEBHOOK.secret) },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(WEBHOOK.service),
      spec: {
        ports: [{ port: 443, targetPort: WEBHOOK.port }],
        selector: podLabels('controller')
      }
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: WEBHOOK.configuration, labels: LABELS },
      webhooks: CHECKED.map(([name, kind, version, operations]) => ({
        name: `${name}.metallb.io`,
        admissionReviewVersions: ['v1'],
        clientConfig: {
          service: {
            name: WEBHOOK.service,
            namespace: NAMESPACE,
            path: `/validate-metallb-io-${version}-${kind.toLowerCase()}`
          }
        },
        failurePolicy: 'Fail',
        rules: [
          {
            apiGroups: [KINDS[kind].group],
            apiVersions: [version],
            operations,
            resources: [KINDS[kind].plural]
          }
        ],
        sideEffects: 'None'
      }))
    }
  ]
}
