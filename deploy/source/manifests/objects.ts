/** An object as a manifest has it. */
export interface ManifestObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/** The namespace that MetalLB's manifests use, and these. */
export const NAMESPACE = 'metallb-system'

/** Names and ports that MetalLB's users know. */
export const WEBHOOK = {
  service: 'metallb-webhook-service',
  secret: 'metallb-webhook-cert',
  configuration: 'metallb-webhook-configuration',
  port: 9443
} as const
export const METRICS_PORT = 9120
/** Speakers probe each other on it. */
export const LIVENESS_PORT = 7475
export const HEALTH_PORT = 17_472
export const EXCLUDE_CONFIG_MAP = 'metallb-excludel2'

/** Longest time that a binary takes to stop, and what the kubelet needs, seconds. */
export const GRACE_PERIOD_S = 15

const APP = { app: 'metallb' } as const

/** Labels of everything. */
export const LABELS: Readonly<Record<string, string>> = APP

/** Labels of the pods of a component; the selectors of MetalLB's workloads, which cannot be changed. */
export function podLabels(component: 'controller' | 'speaker'): Readonly<Record<string, string>> {
  return { ...APP, component }
}

/** What tells our speakers from MetalLB's, whose labels they have, too. No selector has it: those cannot be changed. */
export const SPEAKER_MARK: Readonly<Record<string, string>> = { 'clarion.io/component': 'speaker' }

/** Name and namespace of an object in the namespace, with its labels. */
export function metadata(name: string): ManifestObject['metadata'] & { readonly namespace: string } {
  return { name, namespace: NAMESPACE, labels: LABELS }
}

/** The namespace, with room for pods that use the network of their node. */
export function namespaceObject(): ManifestObject {
  const level = 'privileged'
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: NAMESPACE,
      labels: {
        'pod-security.kubernetes.io/enforce': level,
        'pod-security.kubernetes.io/audit': level,
        'pod-security.kubernetes.io/warn': level
      }
    }
  }
}
