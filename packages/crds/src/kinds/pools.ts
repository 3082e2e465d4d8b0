import { flag, type Infer, integer, list, object, required, text } from '../schema.ts'
import { labelSelectors, names, type Resource } from './common.ts'

export const ipAddressPoolSpec = object('The addresses of a pool, and who gets them.', {
  addresses: required(
    list(
      'The addresses, as prefixes (192.0.2.0/24, 2001:db8::/64) or ranges (192.0.2.10-192.0.2.20).',
      text('A prefix or a range of addresses.')
    )
  ),
  autoAssign: flag('Whether a Service gets an address of this pool without asking for it.', {
    default: true
  }),
  avoidBuggyIPs: flag(
    'Whether IPv4 addresses that end in .0 and .255 are left out; some old networks drop them.',
    { default: false }
  ),
  serviceAllocation: object('Reserves the pool for some Services.', {
    priority: integer(
      'Order among reserved pools: the lowest number comes first, 0 (none) comes last.',
      undefined
    ),
    namespaces: names('Namespaces whose Services may use the pool.', 'Name of a namespace.'),
    namespaceSelectors: labelSelectors(
      'Labels of namespaces whose Services may use the pool; one that matches is enough.'
    ),
    serviceSelectors: labelSelectors('Labels of Services that may use the pool; one that matches is enough.')
  })
})

export const ipAddressPoolStatus = object('How much of the pool is in use.', {
  assignedIPv4: required(integer('IPv4 addresses in use.', 'int64')),
  assignedIPv6: required(integer('IPv6 addresses in use.', 'int64')),
  availableIPv4: required(integer('IPv4 addresses that are free.', 'int64')),
  availableIPv6: required(integer('IPv6 addresses that are free.', 'int64'))
})

export type IPAddressPoolSpec = Infer<typeof ipAddressPoolSpec>
export type IPAddressPoolStatus = Infer<typeof ipAddressPoolStatus>
export type IPAddressPool = Resource<IPAddressPoolSpec, IPAddressPoolStatus>
