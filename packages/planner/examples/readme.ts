import { buildConfig } from '@clarion-lb/config'
import { Ipam } from '@clarion-lb/ipam'
import {
  AnnouncementPlanner,
  convergeService,
  poolDefinitionsOf,
  type Requester,
  summarizeEndpoints,
  WantedRoutes
} from '@clarion-lb/planner'

const { config } = buildConfig({
  pools: [{ metadata: { name: 'lan' }, spec: { addresses: ['192.168.1.240/32'] } }],
  l2Advertisements: [{ metadata: { name: 'all' }, spec: {} }],
  bgpAdvertisements: [{ metadata: { name: 'all' }, spec: { aggregationLength: 32 } }],
  nodes: [{ name: 'node-a' }, { name: 'node-b' }]
})
const spec = { type: 'LoadBalancer', clusterIPs: ['10.96.0.1'] }
const web = { metadata: { namespace: 'default', name: 'web' }, spec }

const ipam = new Ipam<Requester>()
ipam.setPools(poolDefinitionsOf(config))
console.log(convergeService(web, ipam).addresses.join())
// prints: 192.168.1.240
console.log(convergeService({ ...web, metadata: { namespace: 'default', name: 'late' } }, ipam).because)
// prints: no IPv4 address available: pool "lan": full (1 of 1 IPv4 addresses in use)

const planner = new AnnouncementPlanner({ node: 'node-b' })
planner.setMembers(new Set(['node-a', 'node-b']))
planner.setConfig(config)
const status = { loadBalancer: { ingress: [{ ip: '192.168.1.240' }] } }
const endpoints = summarizeEndpoints([{ endpoints: [{ nodeName: 'node-a' }] }])
const { l2, bgp } = planner.setService({ ...web, status }, endpoints)
console.log(l2.map(({ after }) => after?.because).join())
// prints: node node-a is the first of the candidates
console.log(
  planner
    .setMembers(new Set(['node-b']))
    .map(({ after }) => after?.outcome)
    .join()
)
// prints: announce

const routes = new WantedRoutes()
routes.setPeers(['router'])
for (const { peer, set } of routes.apply(bgp))
  console.log(peer, set.map(({ prefix }) => prefix.toString()).join())
// prints: router 192.168.1.240/32
