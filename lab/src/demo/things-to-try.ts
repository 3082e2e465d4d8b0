/** What a person can do while the demo stays up. `pid` is the first process inside, as seen from the host. */
export function describeThingsToTry(kubeconfig: string, pid: number): string {
  const enter =
    process.getuid?.() === 0 ? `nsenter -t ${pid} -n -m` : `nsenter -t ${pid} -U --preserve-credentials -n -m`
  return `${describeCommands(kubeconfig)}
On the segment (the client's neighbours, a request, the cable of node-1 out and in):

  ${enter} ip netns exec client ip neigh
  ${enter} ip netns exec client curl -s http://192.168.100.201/
  ${enter} ip link set p-node-1 down
  ${enter} ip link set p-node-1 up

${ENDING}`
}

/** The same where there is no segment to look at. */
export function describeThingsToTryInMemory(kubeconfig: string): string {
  return `${describeCommands(kubeconfig)}
${ENDING}`
}

const ENDING = 'Ctrl-C removes all of it.\n'

function describeCommands(kubeconfig: string): string {
  return `
The cluster stays up. In another terminal:

  export KUBECONFIG=${kubeconfig}
  kubectl get services -o wide
  kubectl get services --watch
  kubectl describe service out-of-reach                  # why it is pending
  kubectl get ipaddresspools,l2advertisements,servicel2statuses -n metallb-system
  kubectl annotate service out-of-reach metallb.io/loadBalancerIPs- # and it gets an address
  kubectl label node node-1 node.kubernetes.io/exclude-from-external-load-balancers=
  kubectl delete service web-ipv4                        # its address is free again
  kubectl apply -f examples/demo                         # and here it is again
`
}
