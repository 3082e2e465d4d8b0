import { choice, flag, type Infer, integer, list, map, object, required, text } from '../schema.ts'
import { labelSelectors, type Resource } from './common.ts'

const MAX_ASN = { maximum: 4294967295 } as const

export const bgpPeerSpecV1beta2 = object('A BGP router that nodes have a session with.', {
  myASN: required(integer('Our autonomous system number.', 'int64', { minimum: 0, ...MAX_ASN })),
  peerASN: integer("The peer's autonomous system number; exclusive with dynamicASN.", 'int64', {
    minimum: 0,
    ...MAX_ASN
  }),
  localASN: integer('An autonomous system number that this peer sees in place of myASN.', 'int64', {
    minimum: 1,
    ...MAX_ASN
  }),
  dynamicASN: choice(
    'Accept any number of the peer that is the same as ours (internal) or another (external).',
    'internal',
    'external'
  ),
  peerAddress: text("The peer's address; exclusive with interface."),
  interface: text('Interface of an unnumbered session; exclusive with peerAddress.'),
  sourceAddress: text('Our address for the session.'),
  peerPort: integer("The peer's TCP port.", undefined, { default: 179, minimum: 1, maximum: 16384 }),
  holdTime: text('Hold time (RFC 4271 §4.2), as 90s: 0, or 3 s and more.'),
  keepaliveTime: text('Time between KEEPALIVE messages, as 30s; a third of the hold time if absent.'),
  connectTime: text('Time between attempts to connect, as 10s.', {
    'x-kubernetes-validations': [
      {
        rule: 'duration(self).getSeconds() >= 1 && duration(self).getSeconds() <= 65535',
        message: 'connectTime must be from 1s to 65535s'
      },
      { rule: 'duration(self).getMilliseconds() % 1000 == 0', message: 'connectTime must be whole seconds' }
    ]
  }),
  routerID: text('Our BGP identifier, an IPv4 address.'),
  nodeSelectors: labelSelectors(
    'Nodes that have the session, by their labels; one that matches is enough. None: all nodes.'
  ),
  password: text('Password of the TCP MD5 signature (RFC 2385); exclusive with passwordSecret.'),
  passwordSecret: object(
    'A Secret of type kubernetes.io/basic-auth in our namespace, whose key `password` has it.',
    { name: text('Name of the Secret.'), namespace: text('Namespace of the Secret; ours is always used.') },
    { 'x-kubernetes-map-type': 'atomic' }
  ),
  bfdProfile: text('Name of the BFDProfile of the session; none if absent.'),
  enableGracefulRestart: flag('Ask the peer to keep our routes while we restart (RFC 4724).', {
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'enableGracefulRestart cannot be changed' }
    ]
  }),
  ebgpMultiHop: flag('The external peer is more than one hop away.'),
  vrf: text('Linux VRF of the session.'),
  disableMP: flag('Deprecated, without effect.', { default: false }),
  dualStackAddressFamily: flag('Exchange both address families over this one session.', { default: false })
})

export const bgpPeerSpecV1beta1 = object('A BGP router that nodes have a session with.', {
  myASN: required(integer('Our autonomous system number.', 'int64', { minimum: 0, ...MAX_ASN })),
  peerASN: required(integer("The peer's autonomous system number.", 'int64', { minimum: 0, ...MAX_ASN })),
  peerAddress: required(text("The peer's address.")),
  sourceAddress: text('Our address for the session.'),
  peerPort: integer("The peer's TCP port; 179 if 0 or absent.", undefined, { minimum: 0, maximum: 16384 }),
  holdTime: text('Hold time (RFC 4271 §4.2), as 90s.'),
  keepaliveTime: text('Time between KEEPALIVE messages, as 30s.'),
  routerID: text('Our BGP identifier, an IPv4 address.'),
  nodeSelectors: list(
    'Nodes that have the session, by their labels; one that matches is enough. None: all nodes.',
    object('Selects nodes by their labels.', {
      matchLabels: map('Labels that must have exactly these values.', text('The value of the label.')),
      matchExpressions: list(
        'Requirements on labels; all of them must be met.',
        object('One requirement on a label.', {
          key: required(text('The label that is looked at.')),
          operator: required(text('How it is compared: In, NotIn, Exists or DoesNotExist.')),
          values: required(
            list('The values to compare with.', text('A value of the label.'), { minItems: 1 })
          )
        })
      )
    })
  ),
  password: text('Password of the TCP MD5 signature (RFC 2385).'),
  bfdProfile: text('Name of the BFDProfile of the session.'),
  ebgpMultiHop: flag('The external peer is more than one hop away.')
})

const intervalMs = (description: string) => integer(description, 'int32', { minimum: 10, maximum: 60000 })

export const bfdProfileSpec = object('How fast a BGP peer is found dead (RFC 5880).', {
  receiveInterval: intervalMs('Shortest time between packets that we can receive, milliseconds.'),
  transmitInterval: intervalMs('Shortest time between packets that we want to send, milliseconds.'),
  detectMultiplier: integer('Packets that may be missing before the session is down.', 'int32', {
    minimum: 2,
    maximum: 255
  }),
  echoInterval: intervalMs('Time between echo packets, milliseconds.'),
  echoMode: flag('Use the echo function.'),
  passiveMode: flag('Do not begin the session, wait for the peer to.'),
  minimumTtl: integer('Lowest TTL of a packet of a multihop session.', 'int32', { minimum: 1, maximum: 254 })
})

export type BGPPeerSpecV1beta2 = Infer<typeof bgpPeerSpecV1beta2>
export type BGPPeerSpecV1beta1 = Infer<typeof bgpPeerSpecV1beta1>
export type BGPPeer = Resource<BGPPeerSpecV1beta2>
export type BGPPeerV1beta1 = Resource<BGPPeerSpecV1beta1>
export type BFDProfileSpec = Infer<typeof bfdProfileSpec>
export type BFDProfile = Resource<BFDProfileSpec>
