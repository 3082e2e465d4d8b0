import { LABELS, type ManifestObject, metadata, podLabels } from './objects.ts'

/**
 * What may talk to whom in the namespace: the controller to the API server, scrapers and the API server to the
 * controller, nobody else. Speakers use the network of their node, which policies do not apply to.
 */
export function networkPolicies(): readonly ManifestObject[] {
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata('default-deny'), labels: LABELS },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('controller'),
      spec: {
        podSelector: { matchLabels: podLabels('controller') },
        policyTypes: ['Ingress', 'Egress'],
        egress: [{ ports: [{ port: 6443, protocol: 'TCP' }] }],
        ingress: [
          {
            ports: [
              { port: 'metricshttps', protocol: 'TCP' },
              { port: 'webhook-server', protocol: 'TCP' }
            ]
          }
        ]
      }
    }
  ]
}
