import type { RouterKind } from '../router/router.ts'

/** What a person can do while the demo stays up. `pid` is the first process inside, as seen from the host. */
export function describeThingsToTry(kubeconfig: string, pid: number, router: RouterKind): string {
  // FRR and our own mark their routes as those of BGP, BIRD marks them as its own.
  const protocol = router === 'bird' ? 'bird' : 'bgp'
  const enter =
    process.getuid?.() === 0 ? `nsenter -t ${pid} -n -m` : `nsenter -t ${pid} -U --preserve-credentials -n -m`
  return `${describeCommands(kubeconfig)}${BGP_COMMANDS}
On the segment (the client's neighbours, a request, the cable of node-1 out and in):

  ${enter} ip netns exec client ip neigh
  ${enter} ip netns exec client curl -s http://192.168.100.201/
  ${enter} ip link set p-node-1 down
  ${enter} ip link set p-node-1 up

Behind the router (its next hops as they change, a request from outside):

  ${enter} ip netns exec router ip monitor route
  ${enter} ip netns exec router ip route show proto ${protocol}
  ${enter} ip netns exec outside curl -s http://203.0.113.1/

${ENDING}`
}

/** The same where there is no segment to look at. */
export function describeThingsToTryInMemory(kubeconfig: string): string {
  return `${describeCommands(kubeconfig)}
${ENDING}`
}

/** What there is to see of the second act. */
const BGP_COMMANDS = `
With the router:

  kubectl get bgpsessionstates,servicebgpstatuses -n metallb-system
  kubectl get bgppeers,bfdprofiles,bgpadvertisements -n metallb-system
  kubectl edit bgpadvertisement routed -n metallb-system # nodeSelectors, peers, communities: no session ends
  kubectl edit bgppeer router -n metallb-system          # holdTime: 30s: that session starts again, no other
  kubectl label node node-3 node.kubernetes.io/exclude-from-external-load-balancers= # no next hop any more
`

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
