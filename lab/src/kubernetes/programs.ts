import { join } from 'node:path'

/** A program that a cluster is made of, or that runs in one beside ours. */
export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'kubectl'
  | 'pod'
  | 'metallb-controller'
  | 'metallb-speaker'

/** A Go module of ours that says, by its go.mod and go.sum, which versions of these programs are built. */
export interface GoModule {
  readonly name: string
  readonly directory: string
  readonly linkerFlags: readonly string[]
  /** Go package of each program. */
  readonly packages: Readonly<Partial<Record<ProgramName, string>>>
}

/** Kubernetes of which the programs are. */
export const KUBERNETES_VERSION = '1.34.4'

/** Enough for objects: nodes and pods are entries in a database. */
export const CONTROL_PLANE_PROGRAMS: readonly ProgramName[] = ['etcd', 'kube-apiserver']

/** What nodes that run pods need. */
export const CLUSTER_PROGRAMS: readonly ProgramName[] = [
  ...CONTROL_PLANE_PROGRAMS,
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'pod'
]

/** MetalLB of which the programs are. */
export const METALLB_VERSION = '0.16.1'

/** MetalLB itself: the peer in benchmarks, and what is upgraded from. */
export const METALLB_PROGRAMS: readonly ProgramName[] = ['metallb-controller', 'metallb-speaker']

const ROOT = join(import.meta.dirname, '..', '..', 'kubernetes')
const VERSION_PACKAGE = 'k8s.io/component-base/version'
const [MAJOR, MINOR] = KUBERNETES_VERSION.split('.')

/** The programs say their version themselves: clients ask the API server for it. */
const VERSION_FLAGS = [
  `-X ${VERSION_PACKAGE}.gitVersion=v${KUBERNETES_VERSION}`,
  `-X ${VERSION_PACKAGE}.gitMajor=${MAJOR}`,
  `-X ${VERSION_PACKAGE}.gitMinor=${MINOR}`
]

/** In the order in which they are built. */
export const GO_MODULES: readonly GoModule[] = [
  {
    name: 'etcd',
    directory: join(ROOT, 'etcd'),
    linkerFlags: [],
    packages: { etcd: 'go.etcd.io/etcd/server/v3' }
  },
  {
    name: 'kubernetes',
    directory: join(ROOT, 'kubernetes'),
    linkerFlags: VERSION_FLAGS,
    packages: {
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
      kubelet: 'k8s.io/kubernetes/cmd/kubelet',
      'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl'
    }
  },
  { name: 'pod', directory: join(ROOT, 'pod'), linkerFlags: [], packages: { pod: '.' } },
  {
    name: 'metallb',
    directory: join(ROOT, 'metallb'),
    linkerFlags: [],
    packages: {
      'metallb-controller': 'go.universe.tf/metallb/controller',
      'metallb-speaker': 'go.universe.tf/metallb/speaker'
    }
  }
]
