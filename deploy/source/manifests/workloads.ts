import {
  EXCLUDE_CONFIG_MAP,
  GRACE_PERIOD_S,
  HEALTH_PORT,
  LABELS,
  LIVENESS_PORT,
  type ManifestObject,
  METRICS_PORT,
  metadata,
  podLabels,
  SPEAKER_MARK,
  WEBHOOK
} from './objects.ts'

/** Images of the two binaries. */
export interface WorkloadImages {
  readonly controller: string
  readonly speaker: string
}

const OWN_NAME = { name: 'METALLB_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
const NO_PRIVILEGES = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] }
}
const SECCOMP = { type: 'RuntimeDefault' }
const LINUX = { 'kubernetes.io/os': 'linux' }

/**
 * Measured: with 2000 Services a controller has 111 MiB, a speaker 92 MiB, and some 20 more once it has BGP sessions. A limit
 * is what the heaps may grow to and then some: whoever reaches it is about to fail anyway. None for the processor:
 * throttling delays take-overs.
 */
const RESOURCES = {
  controller: { requests: { cpu: '20m', memory: '128Mi' }, limits: { memory: '1280Mi' } },
  speaker: { requests: { cpu: '20m', memory: '128Mi' }, limits: { memory: '1Gi' } }
}

/** Interfaces that containers and overlays use: no client is behind them. MetalLB's own list. */
const EXCLUDED_INTERFACES: readonly string[] = [
  '^docker.*',
  '^cbr.*',
  '^dummy.*',
  '^virbr.*',
  '^lxcbr.*',
  '^veth.*',
  '^lo$',
  '^cali.*',
  '^tunl.*',
  '^flannel.*',
  '^kube-ipvs.*',
  '^cni.*',
  '^nodelocaldns.*',
  '^lxc.*'
]

/** What both workloads run and need beside their rights. */
export function workloadObjects(images: WorkloadImages): readonly ManifestObject[] {
  return [
    excludeConfigMap(),
    controllerDeployment(images.controller),
    controllerBudget(),
    speakerDaemonSet(images.speaker)
  ]
}

function controllerDeployment(image: string): ManifestObject {
  const labels = podLabels('controller')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata('controller'), labels },
    spec: {
      replicas: 2,
      revisionHistoryLimit: 3,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
      template: {
        metadata: { labels, annotations: scrapeAnnotations() },
        spec: {
          serviceAccountName: 'controller',
          nodeSelector: LINUX,
          priorityClassName: 'system-cluster-critical',
          terminationGracePeriodSeconds: GRACE_PERIOD_S,
          affinity: {
            podAntiAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                {
                  weight: 100,
                  podAffinityTerm: {
                    labelSelector: { matchLabels: labels },
                    topologyKey: 'kubernetes.io/hostname'
                  }
                }
              ]
            }
          },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_534,
            fsGroup: 65_534,
            seccompProfile: SECCOMP
          },
          containers: [
            {
              name: 'controller',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [`--port=${METRICS_PORT}`, '--log-level=info'],
              env: [OWN_NAME],
              ports: [
                { name: 'metricshttps', containerPort: METRICS_PORT },
                { name: 'webhook-server', containerPort: WEBHOOK.port }
              ],
              ...probes({}),
              resources: RESOURCES.controller,
              securityContext: NO_PRIVILEGES,
              volumeMounts: [
                { name: 'cert', mountPath: '/tmp/k8s-webhook-server/serving-certs', readOnly: true }
              ]
            }
          ],
          volumes: [
            { name: 'cert', secret: { secretName: WEBHOOK.secret, defaultMode: 0o644, optional: true } }
          ]
        }
      }
    }
  }
}

function controllerBudget(): ManifestObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata('controller'),
    spec: { maxUnavailable: 1, selector: { matchLabels: podLabels('controller') } }
  }
}

function speakerDaemonSet(image: string): ManifestObject {
  const labels = podLabels('speaker')
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { ...metadata('speaker'), labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels: { ...labels, ...SPEAKER_MARK }, annotations: scrapeAnnotations() },
        spec: {
          serviceAccountName: 'speaker',
          hostNetwork: true,
          nodeSelector: LINUX,
          priorityClassName: 'system-node-critical',
          terminationGracePeriodSeconds: GRACE_PERIOD_S,
          tolerations: ['master', 'control-plane'].map((role) => ({
            key: `node-role.kubernetes.io/${role}`,
            operator: 'Exists',
            effect: 'NoSchedule'
          })),
          securityContext: { seccompProfile: SECCOMP },
          containers: [
            {
              name: 'speaker',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [`--port=${METRICS_PORT}`, '--log-level=info'],
              env: speakerEnvironment(labels),
              ports: [
                { name: 'metricshttps', containerPort: METRICS_PORT },
                { name: 'liveness', containerPort: LIVENESS_PORT, protocol: 'UDP' }
              ],
              ...probes({ host: '127.0.0.1' }),
              resources: RESOURCES.speaker,
              // Packet sockets. Nothing else: ports below 1024 are only dialled, and routes and addresses are only read.
              securityContext: { ...NO_PRIVILEGES, capabilities: { add: ['NET_RAW'], drop: ['ALL'] } },
              volumeMounts: [{ name: EXCLUDE_CONFIG_MAP, mountPath: '/etc/metallb', readOnly: true }]
            }
          ],
          volumes: [{ name: EXCLUDE_CONFIG_MAP, configMap: { name: EXCLUDE_CONFIG_MAP, defaultMode: 0o400 } }]
        }
      }
    }
  }
}

function speakerEnvironment(labels: Readonly<Record<string, string>>): readonly object[] {
  return [
    { name: 'METALLB_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    OWN_NAME,
    { name: 'METALLB_ML_BIND_ADDR', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    {
      name: 'METALLB_ML_LABELS',
      value: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
    }
  ]
}

/** The file that tells a speaker which interfaces not to announce on. */
export function excludedInterfacesText(): string {
  return `announcedInterfacesToExclude:\n${EXCLUDED_INTERFACES.map((pattern) => `- ${pattern}\n`).join('')}`
}

function excludeConfigMap(): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata(EXCLUDE_CONFIG_MAP), labels: LABELS },
    data: { 'excludel2.yaml': excludedInterfacesText() }
  }
}

/** A process that has thousands of objects to read can be late with an answer: that is no reason to end it. */
function probes(host: { readonly host?: string }): object {
  const probe = (path: string): object => ({
    httpGet: { path, port: HEALTH_PORT, ...host },
    successThreshold: 1,
    failureThreshold: 3
  })
  return {
    livenessProbe: { ...probe('/healthz'), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5 },
    readinessProbe: { ...probe('/readyz'), initialDelaySeconds: 1, periodSeconds: 5, timeoutSeconds: 3 }
  }
}

function scrapeAnnotations(): Readonly<Record<string, string>> {
  return { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(METRICS_PORT) }
}
