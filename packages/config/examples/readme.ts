import { buildConfig, formatProblem } from '@clarion-lb/config'

const { config, problems } = buildConfig({
  pools: [
    { metadata: { name: 'good' }, spec: { addresses: ['192.0.2.0/24'] } },
    { metadata: { name: 'bad' }, spec: { addresses: ['192.0.2.9-192.0.2.1'] } }
  ],
  l2Advertisements: [{ metadata: { name: 'all' }, spec: {} }]
})
console.log(
  config.pools.map(({ name, l2Advertisements }) => `${name}: ${l2Advertisements.length} advertisement`).join()
)
// prints: good: 1 advertisement
for (const problem of problems) console.log(formatProblem(problem))
// prints: IPAddressPool bad: spec.addresses[0] 192.0.2.9-192.0.2.1: the last address comes before the first; swap the ends
