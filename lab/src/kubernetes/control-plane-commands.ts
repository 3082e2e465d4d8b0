import { join } from 'node:path'

/** Where a control plane is: its files, address and ports. */
export interface ControlPlanePlace {
  readonly directory: string
  readonly address: string
  readonly apiPort: number
  readonly etcdPort: number
  readonly etcdPeerPort: number
  /** Whether accounts, endpoints and deletions are looked after, and pods are placed. */
  readonly hasControllers: boolean
  readonly hasAuditLog: boolean
  readonly hasClusterIpBitmap: boolean
}

/** Prefixes of the addresses of Services. */
export const SERVICE_PREFIXES: readonly [string, string] = ['10.96.0.0/16', 'fd00:c1a:96::/112']
/** Where pods find the API server. */
const API_SERVICE_ADDRESSES: readonly string[] = ['10.96.0.1', 'fd00:c1a:96::1']
/** Who signs the tokens of ServiceAccounts. */
export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc'
/** The newest version that it can be told to behave like in which the gate is not locked. */
const CLUSTER_IP_BITMAP = [
  '--emulated-version=1.33',
  '--feature-gates=MultiCIDRServiceAllocator=false'
] as const
const NODE_GRACE_PERIOD = '20s'

/** Each request when it arrives, since a watch would be told of only when it ends; and when it is answered. */
export const AUDIT_POLICY: string = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['ResponseStarted'],
  rules: [{ level: 'Metadata' }]
})

export function auditFiles({ directory }: Pick<ControlPlanePlace, 'directory'>): {
  readonly policy: string
  readonly log: string
} {
  return { policy: join(directory, 'audit-policy.json'), log: join(directory, 'audit.log') }
}

/** Names and addresses of the API server's certificate. */
export function apiServerHosts(place: ControlPlanePlace): readonly string[] {
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
  return [...new Set([place.address, '127.0.0.1', ...API_SERVICE_ADDRESSES]), ...names]
}

export function etcdUrl(place: ControlPlanePlace): string {
  return `http://127.0.0.1:${place.etcdPort}`
}

export function etcdCommand(program: string, place: ControlPlanePlace): readonly string[] {
  const peerUrl = `http://127.0.0.1:${place.etcdPeerPort}`
  return [
    program,
    `--data-dir=${join(place.directory, 'etcd')}`,
    `--listen-client-urls=${etcdUrl(place)}`,
    `--advertise-client-urls=${etcdUrl(place)}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // It need not survive the machine, only its own end.
    '--unsafe-no-fsync',
    '--log-level=warn'
  ]
}

export function apiServerCommand(program: string, place: ControlPlanePlace): readonly string[] {
  const { address, apiPort, directory, hasControllers, hasAuditLog, hasClusterIpBitmap } = place
  const audit = auditFiles(place)
  const pki = (name: string): string => join(directory, 'pki', name)
  return [
    program,
    `--etcd-servers=${etcdUrl(place)}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${apiPort}`,
    // Endpoints of the Service "kubernetes" cannot be loopback addresses.
    ...(address.startsWith('127.') ? ['--endpoint-reconciler-type=none'] : []),
    `--cert-dir=${join(directory, 'certs')}`,
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--kubelet-client-certificate=${pki('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${pki('apiserver-kubelet.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--service-account-key-file=${pki('service-account.key')}`,
    `--service-account-signing-key-file=${pki('service-account.key')}`,
    `--service-account-issuer=${SERVICE_ACCOUNT_ISSUER}`,
    `--service-cluster-ip-range=${SERVICE_PREFIXES.join(',')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    // Nobody makes the account that it would demand of each pod.
    ...(hasAuditLog ? [`--audit-policy-file=${audit.policy}`, `--audit-log-path=${audit.log}`] : []),
    ...(hasControllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(hasClusterIpBitmap ? CLUSTER_IP_BITMAP : []),
    // No kube-proxy is where it runs: it finds the pods of webhooks by their endpoints.
    '--enable-aggregator-routing=true',
    '--allow-privileged=true',
    '--profiling=false'
  ]
}

export function controllerManagerCommand(program: string, place: ControlPlanePlace): readonly string[] {
  const pki = (name: string): string => join(place.directory, 'pki', name)
  return [
    program,
    ...kubeconfigFlags(place, 'controller-manager'),
    // Without it RBAC forbids it ReplicaSets and EndpointSlices.
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${pki('service-account.key')}`,
    `--root-ca-file=${pki('ca.crt')}`,
    `--cluster-signing-cert-file=${pki('ca.crt')}`,
    `--cluster-signing-key-file=${pki('ca.key')}`,
    `--node-monitor-grace-period=${NODE_GRACE_PERIOD}`,
    '--node-monitor-period=2s'
  ]
}

export function schedulerCommand(program: string, place: ControlPlanePlace): readonly string[] {
  return [program, ...kubeconfigFlags(place, 'scheduler')]
}

function kubeconfigFlags(place: ControlPlanePlace, name: string): readonly string[] {
  const file = join(place.directory, `${name}.kubeconfig`)
  return [
    `--kubeconfig=${file}`,
    `--authentication-kubeconfig=${file}`,
    `--authorization-kubeconfig=${file}`,
    '--leader-elect=false',
    '--secure-port=0'
  ]
}
