import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSocketDoor } from '../socket-door.ts'
import { API_SOCKET, type ClusterReady, HOST_SCRIPTS } from './cluster-story.ts'
import { planPrograms } from './get-programs.ts'

/** A cluster in a sandbox, seen from outside. */
export interface Entrance {
  readonly ready: ClusterReady
  /** Process id of the sandbox's first process, as we see it. */
  readonly sandboxPid: number
  /** Where commands and the kubeconfig are put. */
  readonly directory: string
}

/** Makes the ways in, and tells a person about them. What is returned closes the port. */
export async function openDoor({ ready, sandboxPid, directory }: Entrance): Promise<() => void> {
  const inside = `/proc/${sandboxPid}/root`
  const { port, close } = await openSocketDoor(`${inside}${API_SOCKET}`)
  const text = await readFile(`${inside}${ready.kubeconfigFile}`, 'utf8')
  const url = `https://127.0.0.1:${port}`
  await writeFile(join(directory, 'kubeconfig'), text.replace(/"server": "[^"]*"/, `"server": "${url}"`), {
    mode: 0o600
  })
  for (const host of ready.hosts) {
    const enter = `nsenter --target ${sandboxPid} --mount --pid --net`
    const script = `#!/bin/sh\nexec ${enter} sh -c 'cd "$0" && exec "$@"' "$PWD" ${join(HOST_SCRIPTS, host)} "$@"\n`
    await writeFile(join(directory, host), script, { mode: 0o755 })
  }
  const kubectl = await findKubectl()
  if (kubectl !== undefined) await symlink(kubectl, join(directory, 'kubectl'))
  process.stdout.write(describe(ready, directory))
  return close
}

async function findKubectl(): Promise<string | undefined> {
  const plan = await planPrograms(['kubectl'])
  return plan.type === 'available' ? plan.found.get('kubectl') : undefined
}

function describe({ hosts, isInstalled }: ClusterReady, directory: string): string {
  const nodes = hosts.filter((host) => host !== 'client')
  const next = isInstalled
    ? `Clarion is installed, with addresses of the segment:
  kubectl -n metallb-system get pods,ipaddresspools,l2advertisements,servicel2statuses,configurationstates
  client curl -s http://192.168.100.200/
  client ip neigh
  kubectl create service loadbalancer mine --tcp=80:8080`
    : `Clarion is not installed, but its images are on the nodes: go on with docs/install.md, from "With the manifest".
The Services wait for addresses. Those from 192.168.100.200 to .219 and fd00:c1a:100::200/120 are free on the segment.`
  return `
In another terminal:

export PATH=${directory}:$PATH KUBECONFIG=${join(directory, 'kubeconfig')}
  kubectl get nodes,pods,services -o wide

${next}

A command runs on a host if the name of the host is before it: "client", which is on the segment and is no node, and ${nodes.join(', ')}:
  ${nodes[0]} nft list table ip kube-proxy
  ${nodes[0]} ctr images list --quiet

Ctrl-C ends it all.
`
}
