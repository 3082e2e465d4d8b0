import type { MembershipResult } from '@clarion-lb/linux-net'
import { Ipv6Address } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { GroupMemberships, type MembershipHolder } from './group-memberships.ts'

const GROUP = Ipv6Address.parse('ff02::1:ff00:1')

/** A system with these interfaces, whose sockets hold so many memberships. */
function fakeSystem(present: Set<number>, room = 100) {
  const holders: Set<string>[] = []
  const open = (): MembershipHolder => {
    const joined = new Set<string>()
    holders.push(joined)
    return {
      join(interfaceIndex, group): MembershipResult {
        if (!present.has(interfaceIndex)) return 'no-interface'
        if (joined.size >= room) return 'full'
        joined.add(`${interfaceIndex} ${group.toString()}`)
        return 'done'
      },
      leave(interfaceIndex, group): MembershipResult {
        joined.delete(`${interfaceIndex} ${group.toString()}`)
        return 'done'
      },
      close: () => joined.clear()
    }
  }
  const joined = (): number => holders.reduce((sum, { size }) => sum + size, 0)
  return { memberships: new GroupMemberships(open), holders, joined }
}

test('a group that two addresses share is left when the last one leaves', () => {
  const { memberships, joined } = fakeSystem(new Set([1]))
  memberships.join(1, GROUP)
  memberships.join(1, GROUP)
  memberships.leave(1, GROUP)
  expect(joined()).toBe(1)
  memberships.leave(1, GROUP)
  memberships.leave(1, GROUP)
  expect(joined()).toBe(0)
})

test('what one socket cannot hold goes to another, and is left there', () => {
  const { memberships, holders, joined } = fakeSystem(new Set([1]), 10)
  const groups = Array.from({ length: 25 }, (_, i) => Ipv6Address.fromBigInt((0xff02n << 112n) + BigInt(i)))
  for (const group of groups) memberships.join(1, group)
  expect(holders.map(({ size }) => size)).toEqual([10, 10, 5])
  for (const group of groups) memberships.leave(1, group)
  expect(joined()).toBe(0)
})

test('an interface that was not there, or has been away, is joined when it is there', () => {
  const present = new Set<number>()
  const { memberships, joined } = fakeSystem(present)
  memberships.join(1, GROUP)
  expect(joined()).toBe(0)
  present.add(1)
  memberships.resume(1)
  memberships.resume(1)
  expect(joined()).toBe(1)
  memberships.suspend(1)
  expect(joined()).toBe(0)
  memberships.resume(1)
  expect(joined()).toBe(1)
  memberships.leave(1, GROUP)
  memberships.resume(1)
  expect(joined()).toBe(0)
})

test('after close nothing is held', () => {
  const { memberships, joined } = fakeSystem(new Set([1]))
  memberships.join(1, GROUP)
  memberships.close()
  expect(joined()).toBe(0)
})
