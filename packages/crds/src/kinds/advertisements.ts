import { type Infer, integer, list, object, required, text } from '../schema.ts'
import { labelSelector, labelSelectors, names, type Resource } from './common.ts'

const poolNames = names(
  'Pools by name; together with ipAddressPoolSelectors. Neither: all pools.',
  'Name of an IPAddressPool.'
)
const poolSelectors = labelSelectors(
  'Pools by their labels; together with ipAddressPools. Neither: all pools.'
)
const serviceSelectors = labelSelectors(
  'Services that it applies to, by their labels; one that matches is enough. None: all Services.'
)

export const l2AdvertisementSpec = object(
  'Which addresses are answered for by ARP and NDP, and by which nodes.',
  {
    ipAddressPools: poolNames,
    ipAddressPoolSelectors: poolSelectors,
    nodeSelectors: labelSelectors(
      'Nodes that may answer, by their labels; one that matches is enough. None: all nodes.'
    ),
    interfaces: names(
      'Interfaces that answer, by name. None: all interfaces.',
      'Name of a network interface.'
    ),
    serviceSelectors,
    preferredNodeSelectors: list(
      'Nodes that are preferred: the node with the highest sum of weights answers.',
      object('A preference with its weight.', {
        weight: required(integer('Weight of the preference.', 'int32', { minimum: 1, maximum: 100 })),
        preference: required(labelSelector)
      })
    )
  }
)

export const bgpAdvertisementSpec = object(
  'Which addresses are advertised to BGP peers, and how.',
  {
    aggregationLength: integer('Length of the IPv4 prefix that an address is advertised as.', 'int32', {
      default: 32,
      minimum: 1
    }),
    aggregationLengthV6: integer('Length of the IPv6 prefix that an address is advertised as.', 'int32', {
      default: 128
    }),
    // The whole range that RFC 4271 §5.1.5 has: MetalLB's int32 ends in its middle.
    localPref: integer('LOCAL_PREF (RFC 4271 §5.1.5), to internal peers only.', 'int64', {
      minimum: 0,
      maximum: 4294967295
    }),
    communities: names(
      'Communities: names of a Community object, a:b (RFC 1997), or large:a:b:c (RFC 8092).',
      'A community, or the name of one.'
    ),
    ipAddressPools: poolNames,
    ipAddressPoolSelectors: poolSelectors,
    nodeSelectors: labelSelectors(
      'Nodes that are next hops, by their labels; one that matches is enough. None: all nodes.'
    ),
    peers: names('Peers that it is advertised to. None: all peers.', 'Name of a BGPPeer.'),
    serviceSelectors
  },
  {
    'x-kubernetes-validations': [
      {
        rule:
          '!has(self.serviceSelectors) || self.serviceSelectors.size() == 0 || ' +
          '((!has(self.aggregationLength) || self.aggregationLength == 32) && (!has(self.aggregationLengthV6) || self.aggregationLengthV6 == 128))',
        message: 'serviceSelectors can only be used with aggregationLength 32 and aggregationLengthV6 128'
      }
    ]
  }
)

export type L2AdvertisementSpec = Infer<typeof l2AdvertisementSpec>
export type BGPAdvertisementSpec = Infer<typeof bgpAdvertisementSpec>
export type L2Advertisement = Resource<L2AdvertisementSpec>
export type BGPAdvertisement = Resource<BGPAdvertisementSpec>

export const communitySpec = object('Names for communities.', {
  communities: list(
    'The names and what they stand for.',
    object('A name for a community.', {
      name: text('The name, unique among all Community objects.'),
      value: text('The community: a:b (RFC 1997), or large:a:b:c (RFC 8092).')
    })
  )
})
export type CommunitySpec = Infer<typeof communitySpec>
export type Community = Resource<CommunitySpec>
