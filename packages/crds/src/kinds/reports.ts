import { choice, type Infer, integer, list, object, required, text } from '../schema.ts'
import type { Resource } from './common.ts'

const fixed = (description: string) =>
  text(description, {
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'the value cannot be changed' }]
  })

/** The limits of every `metav1.Condition`. */
const CONDITION = {
  type: {
    maxLength: 316,
    pattern:
      '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$'
  },
  reason: { minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' },
  message: { maxLength: 32768 }
} as const

const subject = {
  node: fixed('The node that announces.'),
  serviceName: fixed('Name of the Service.'),
  serviceNamespace: fixed('Namespace of the Service.')
} as const

export const serviceL2StatusStatus = object('Which node answers for a Service by ARP and NDP.', {
  ...subject,
  interfaces: list(
    'Interfaces that answer. None: all.',
    object('An interface.', { name: text('Name of the interface.') })
  )
})

export const serviceBgpStatusStatus = object('Which peers of a node a Service is advertised to.', {
  ...subject,
  peers: list('Names of BGPPeers.', text('Name of a BGPPeer.'))
})

export const configurationStateStatus = object('Whether a component could use the configuration.', {
  result: choice(
    'Valid, Invalid, or Unknown while nothing has been looked at.',
    'Valid',
    'Invalid',
    'Unknown'
  ),
  errorSummary: text('What is wrong, a line each.'),
  conditions: list(
    'The conditions, by type.',
    object('One condition.', {
      type: required(text('What it is about.', CONDITION.type)),
      status: required(choice('Whether it holds.', 'True', 'False', 'Unknown')),
      observedGeneration: integer('Generation of the object that it was found for.', 'int64', { minimum: 0 }),
      lastTransitionTime: required(text('When the status last changed.', { format: 'date-time' })),
      reason: required(text('Why, in one word.', CONDITION.reason)),
      message: required(text('Why, for people.', CONDITION.message))
    }),
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }
  )
})

export const bgpSessionStateStatus = object('How a session is.', {
  bgpStatus: text(
    'State of BGP (RFC 4271 §8.2.2): Idle, Connect, Active, OpenSent, OpenConfirm or Established.'
  ),
  bfdStatus: text('State of BFD (RFC 5880 §6.2): AdminDown, Down, Init or Up; N/A without BFD.'),
  node: text('The node that has the session.'),
  peer: text('Address of the router, or the interface that it is on.'),
  vrf: text('VRF of the session; empty: the default one.')
})

export type ServiceL2StatusStatus = Infer<typeof serviceL2StatusStatus>
export type ServiceBGPStatusStatus = Infer<typeof serviceBgpStatusStatus>
export type ConfigurationStateStatus = Infer<typeof configurationStateStatus>
export type ServiceL2Status = Resource<Record<string, never>, ServiceL2StatusStatus>
export type ServiceBGPStatus = Resource<Record<string, never>, ServiceBGPStatusStatus>
export type ConfigurationState = Resource<Record<string, never>, ConfigurationStateStatus>
export type BGPSessionStateStatus = Infer<typeof bgpSessionStateStatus>
export type BGPSessionState = Resource<Record<string, never>, BGPSessionStateStatus>
