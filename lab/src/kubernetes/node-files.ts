import { join } from 'node:path'
import { withoutPrefixLength } from '../addresses.ts'
import { API_ADDRESS, type NodeAddresses, POD_PREFIXES } from './cluster-addresses.ts'
import { PAUSE_IMAGE } from './images.ts'

/** How kube-proxy leads packets to pods. */
export type ProxyMode = 'nftables' | 'iptables'

/** What the programs of a node are told. */
export interface NodeSettings {
  readonly addresses: NodeAddresses
  /** The node's own directory: its disk. */
  readonly directory: string
  /** Certificate of the cluster's authority. */
  readonly authorityFile: string
  readonly kubeconfigFile: string
  readonly proxyKubeconfigFile: string
  readonly proxyMode: ProxyMode
  /** As `/clarion-1/node-1`. */
  readonly controlGroup: string
}

/** Texts of files by their names in a node's directory. */
export type NodeFiles = Readonly<
  Record<'containerd.toml' | 'cni/10-lab.conflist' | 'kubelet.yaml' | 'proxy.yaml' | 'resolv.conf', string>
>

/** Files of a node. */
export function nodeFiles(settings: NodeSettings): NodeFiles {
  return {
    'containerd.toml': containerdConfig(settings),
    'cni/10-lab.conflist': JSON.stringify(networkConfig(settings)),
    // Both read YAML, which JSON is.
    'kubelet.yaml': JSON.stringify(kubeletConfig(settings)),
    'proxy.yaml': JSON.stringify(proxyConfig(settings)),
    'resolv.conf': `nameserver ${withoutPrefixLength(API_ADDRESS)}\n`
  }
}

export function containerdSocket(directory: string): string {
  return join(directory, 'containerd.sock')
}

function containerdConfig({ directory }: NodeSettings): string {
  const plugin = 'plugins."io.containerd.grpc.v1.cri"'
  return `version = 2
root = "${join(directory, 'containerd')}"
state = "${join(directory, 'state')}"
[grpc]
  address = "${containerdSocket(directory)}"
[${plugin}]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_apparmor = true
  # Without CAP_SYS_RESOURCE runc cannot make a pod less likely to be killed, and would refuse to start it.
  restrict_oom_score_adj = true
  [${plugin}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(directory, 'cni')}"
  [${plugin}.containerd]
    snapshotter = "overlayfs"
  [${plugin}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${plugin}.containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "${join(directory, 'state', 'runc')}"
`
}

function networkConfig({ directory, addresses }: NodeSettings): object {
  return {
    cniVersion: '1.0.0',
    name: 'lab',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'ipam'),
          ranges: addresses.podPrefixes.map((subnet) => [{ subnet }]),
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]
        }
      },
      { type: 'portmap', capabilities: { portMappings: true } }
    ]
  }
}

function kubeletConfig(settings: NodeSettings): object {
  const { addresses, directory, authorityFile, controlGroup } = settings
  const never = '0%'
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: withoutPrefixLength(addresses.segment[0]),
    containerRuntimeEndpoint: `unix://${containerdSocket(directory)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: controlGroup,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authorityFile }
    },
    authorization: { mode: 'Webhook' },
    resolvConf: join(directory, 'resolv.conf'),
    // Nobody answers there; without an address every pod would have an event about it.
    clusterDNS: [withoutPrefixLength(API_ADDRESS)],
    clusterDomain: 'cluster.local',
    readOnlyPort: 0,
    makeIPTablesUtilChains: false,
    // The images cannot be had again, and the disk is whatever this machine has.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': never,
      'nodefs.inodesFree': never,
      'imagefs.available': never,
      'imagefs.inodesFree': never
    },
    nodeStatusUpdateFrequency: '5s',
    shutdownGracePeriod: '0s'
  }
}

function proxyConfig({ addresses, proxyKubeconfigFile, proxyMode }: NodeSettings): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: proxyKubeconfigFile },
    hostnameOverride: addresses.name,
    mode: proxyMode,
    clusterCIDR: POD_PREFIXES.join(','),
    detectLocalMode: 'ClusterCIDR',
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249'
  }
}
