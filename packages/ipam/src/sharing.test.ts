import { parseIpAddress } from '@clarion-lb/netaddr'
import { describe, expect, test } from 'vitest'
import {
  allocate,
  assign,
  DUAL,
  formatOpenings,
  heldBy,
  IPV6,
  ipamOf,
  openingsOf,
  outcome,
  pool,
  type Requester,
  sharing,
  tcp
} from '../test/requests.ts'
import type { AssignRequest, Ipam } from './index.ts'

const S = sharing('s')
const T = sharing('t')

function lan(): Ipam<Requester> {
  return ipamOf(pool('lan', ['192.0.2.0/24', '2001:db8::/64']))
}

describe('an address is shared', () => {
  type Claim = Partial<AssignRequest<Requester>>
  test.each<readonly [string, Claim, Claim, boolean]>([
    [
      'with equal keys, back ends and other ports',
      { sharing: S, ports: tcp(80) },
      { sharing: S, ports: tcp(443) },
      true
    ],
    ['without ports', { sharing: S }, { sharing: S }, true],
    [
      'on one number of two protocols',
      { sharing: S, ports: tcp(53) },
      { sharing: S, ports: [{ protocol: 'UDP', port: 53 }] },
      true
    ],
    ['not on an equal port', { sharing: S, ports: tcp(80) }, { sharing: S, ports: tcp(81, 80) }, false],
    ['not with other keys', { sharing: S }, { sharing: T }, false],
    ['not with other back ends', { sharing: sharing('s', 'a') }, { sharing: sharing('s', 'b') }, false],
    [
      'not with a key and a back end that are equal only when put together',
      { sharing: sharing('sa', 'b') },
      { sharing: sharing('s', 'ab') },
      false
    ],
    ['not with who has no key', { sharing: S }, {}, false],
    ['not by who has no key', {}, { sharing: S }, false],
    ['not without keys, whatever the ports', { ports: tcp(80) }, { ports: tcp(81) }, false]
  ])('%s', (_, first, second, isShared) => {
    const ipam = lan()
    assign(ipam, 'first', '192.0.2.9', first)
    expect(assign(ipam, 'second', '192.0.2.9', second).outcome).toBe(isShared ? 'allocated' : 'refused')
    expect(ipam.holdersOf(parseIpAddress('192.0.2.9'))).toEqual(isShared ? ['first', 'second'] : ['first'])
    expect(ipam.usage('lan')?.ipv4.assigned).toBe(1n)

    const chosen = lan()
    allocate(chosen, 'first', first)
    expect(outcome(allocate(chosen, 'second', second))).toBe(isShared ? '192.0.2.0' : '192.0.2.1')
  })
})

describe('a request that may share', () => {
  test('joins the lowest address it can, also where a fresh one is higher', () => {
    const ipam = lan()
    assign(ipam, 'alone', '192.0.2.0')
    assign(ipam, 'other', '192.0.2.1', { sharing: T, ports: tcp(80) })
    assign(ipam, 'busy', '192.0.2.2', { sharing: S, ports: tcp(80) })
    assign(ipam, 'fits', '192.0.2.3', { sharing: S, ports: tcp(81) })
    assign(ipam, 'fits too', '192.0.2.5', { sharing: S, ports: tcp(82) })
    expect(outcome(allocate(ipam, 'k', { sharing: S, ports: tcp(80) }))).toBe('192.0.2.3')
    expect(outcome(allocate(ipam, 'l', { sharing: S, ports: tcp(80) }))).toBe('192.0.2.4')
    expect(outcome(allocate(ipam, 'm', { sharing: S, ports: tcp(80) }))).toBe('192.0.2.5')
  })

  test('takes a fresh address that comes before the one it could join', () => {
    const ipam = lan()
    assign(ipam, 'fits', '192.0.2.3', { sharing: S })
    expect(outcome(allocate(ipam, 'k', { sharing: S }))).toBe('192.0.2.0')
  })

  test('goes by the order of the ranges before that of the addresses', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.8/31', '192.0.2.0/31']))
    assign(ipam, 'fits', '192.0.2.0', { sharing: S })
    assign(ipam, 'fits too', '192.0.2.9', { sharing: S })
    assign(ipam, 'alone', '192.0.2.8')
    expect(outcome(allocate(ipam, 'k', { sharing: S }))).toBe('192.0.2.9')
  })

  test('gets an address of a pool that is full for others', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.0/32', '2001:db8::/128']))
    allocate(ipam, 'first', { sharing: S, ports: tcp(80), families: DUAL })
    expect(allocate(ipam, 'k').outcome).toBe('refused')
    expect(outcome(allocate(ipam, 'l', { sharing: S, ports: tcp(81), families: DUAL }))).toBe(
      '192.0.2.0 2001:db8::'
    )
    expect(outcome(allocate(ipam, 'm', { sharing: S, ports: tcp(82), families: IPV6 }))).toBe('2001:db8::')
    expect(ipam.usage('a')).toMatchObject({ allocations: 3, ipv4: { assigned: 1n }, ipv6: { assigned: 1n } })
  })

  test('does not join an address of a pool that is looked at later, while an earlier one has a fresh one', () => {
    const ipam = ipamOf(pool('a', ['192.0.2.1/32']), pool('b', ['192.0.2.0/32']))
    assign(ipam, 'fits', '192.0.2.0', { sharing: S })
    expect(outcome(allocate(ipam, 'k', { sharing: S }))).toBe('192.0.2.1')
  })
})

describe('who alone holds an address', () => {
  test('may change its sharing key in place, and the new key holds from then on', () => {
    const ipam = lan()
    assign(ipam, 'k', '192.0.2.9', { sharing: S, ports: tcp(80) })
    const changed = assign(ipam, 'k', '192.0.2.9', { sharing: T, ports: tcp(80) })
    expect(openingsOf(changed)).toEqual(['lan 192.0.2.9 t'])
    expect(assign(ipam, 'l', '192.0.2.9', { sharing: S, ports: tcp(81) }).outcome).toBe('refused')
    expect(assign(ipam, 'l', '192.0.2.9', { sharing: T, ports: tcp(80) }).outcome).toBe('refused')
    expect(assign(ipam, 'l', '192.0.2.9', { sharing: T, ports: tcp(81) }).outcome).toBe('allocated')
  })

  test('may begin and end to share', () => {
    const ipam = lan()
    allocate(ipam, 'k')
    expect(openingsOf(allocate(ipam, 'k', { sharing: S }))).toEqual(['lan 192.0.2.0 s'])
    expect(openingsOf(allocate(ipam, 'k'))).toEqual([])
    expect(outcome(allocate(ipam, 'l', { sharing: S }))).toBe('192.0.2.1')
  })

  test('does not keep the ports that it gives up when it changes its key', () => {
    const ipam = lan()
    allocate(ipam, 'k', { sharing: S, ports: tcp(80, 81) })
    allocate(ipam, 'k', { sharing: T, ports: tcp(81, 82) })
    const ports = [80, 81, 82].map((port) => {
      const result = assign(ipam, 'l', '192.0.2.0', { sharing: T, ports: tcp(port) })
      ipam.release('l')
      return result.outcome
    })
    expect(ports).toEqual(['allocated', 'refused', 'refused'])
  })
})

describe('who holds an address with others', () => {
  function together(): Ipam<Requester> {
    const ipam = lan()
    for (const [key, port] of [
      ['k', 80],
      ['l', 443]
    ] as const)
      assign(ipam, key, '192.0.2.9', { sharing: S, ports: tcp(port) })
    return ipam
  }

  test.each([
    ['change its sharing key', { sharing: T, ports: tcp(80) }],
    ['change its back ends', { sharing: sharing('s', 'web'), ports: tcp(80) }],
    ['end to share', { ports: tcp(80) }],
    ['use a port of the others', { sharing: S, ports: tcp(80, 443) }]
  ])('may not %s, and keeps what it holds', (_, claim) => {
    const ipam = together()
    expect(allocate(ipam, 'k', claim).outcome).toBe('refused')
    expect(ipam.get('k')).toMatchObject({ sharing: S, ports: tcp(80) })
    expect(ipam.holdersOf(parseIpAddress('192.0.2.9'))).toEqual(['k', 'l'])
  })

  test('may change its ports, and those that it gives up are open to the others', () => {
    const ipam = together()
    expect(openingsOf(allocate(ipam, 'k', { sharing: S, ports: tcp(80, 81) }))).toEqual([])
    expect(assign(ipam, 'm', '192.0.2.9', { sharing: S, ports: tcp(81) }).outcome).toBe('refused')
    expect(openingsOf(allocate(ipam, 'k', { sharing: S, ports: tcp(81) }))).toEqual(['lan 192.0.2.9 s'])
    expect(outcome(assign(ipam, 'm', '192.0.2.9', { sharing: S, ports: tcp(80) }))).toBe('192.0.2.9')
  })

  test('may change its key once the others have left', () => {
    const ipam = together()
    expect(formatOpenings(ipam.release('l')?.openings ?? [])).toEqual(['lan 192.0.2.9 s'])
    expect(allocate(ipam, 'k', { sharing: T }).outcome).toBe('allocated')
  })
})

describe('the sharing key', () => {
  // The prior allocator forgets it when the first of several holders without ports leaves.
  test('of holders without ports holds while anyone holds the address', () => {
    const ipam = lan()
    for (const key of ['a', 'b', 'c']) assign(ipam, key, '192.0.2.9', { sharing: S })
    for (const key of ['a', 'c']) {
      // Nobody can join who could not before: no port was given up.
      expect(ipam.release(key)?.openings).toEqual([])
      expect(assign(ipam, 'x', '192.0.2.9', { sharing: T }).outcome).toBe('refused')
    }
    expect(assign(ipam, 'y', '192.0.2.9', { sharing: S }).outcome).toBe('allocated')
    ipam.release('b')
    ipam.release('y')
    expect(assign(ipam, 'x', '192.0.2.9', { sharing: T }).outcome).toBe('allocated')
    expect(heldBy(ipam, 'x')).toBe('192.0.2.9')
  })
})

describe('openings', () => {
  test('name a freshly shared address, and nothing when one is joined', () => {
    const ipam = lan()
    expect(openingsOf(allocate(ipam, 'k', { sharing: S, ports: tcp(80) }))).toEqual(['lan 192.0.2.0 s'])
    expect(openingsOf(allocate(ipam, 'l', { sharing: S, ports: tcp(81) }))).toEqual([])
    expect(openingsOf(allocate(ipam, 'm'))).toEqual([])
  })

  test('name each address of a pair by itself', () => {
    const ipam = lan()
    allocate(ipam, 'k', { sharing: S, ports: tcp(80), families: DUAL })
    assign(ipam, 'l', '2001:db8::', { sharing: S, ports: tcp(81) })
    expect(formatOpenings(ipam.release('k')?.openings ?? [])).toEqual([
      'lan 192.0.2.0 for anyone',
      'lan 2001:db8:: s'
    ])
  })

  test('name the place left and the place taken by who moves', () => {
    const ipam = lan()
    allocate(ipam, 'k', { sharing: S, ports: tcp(80) })
    allocate(ipam, 'l', { sharing: S, ports: tcp(81) })
    expect(openingsOf(assign(ipam, 'l', '192.0.2.7', { sharing: S, ports: tcp(81) }))).toEqual([
      'lan 192.0.2.0 s',
      'lan 192.0.2.7 s'
    ])
  })

  test('name the second address of who begins to share with it', () => {
    const ipam = lan()
    allocate(ipam, 'k', { sharing: S })
    expect(openingsOf(ipam.extend({ key: 'k', requester: 'anyone', sharing: S }))).toEqual([
      'lan 2001:db8:: s'
    ])
  })
})
