import { ADDRESS_FLAG, INTERFACE_FLAG, type NetlinkMessage } from '@clarion-lb/linux-net'
import { MacAddress, parseIpAddress } from '@clarion-lb/netaddr'
import { expect, test } from 'vitest'
import { InterfaceTable } from './interface-table.ts'

function link(
  index: number,
  facts: { name?: string; flags?: number; hardwareType?: number; masterIndex?: number } = {}
): NetlinkMessage {
  const { name = `eth${index}`, flags = INTERFACE_FLAG.UP, hardwareType = 1, masterIndex } = facts
  const mac = MacAddress.parse('02:00:00:00:00:01')
  return {
    type: 'link',
    link: { index, name, flags, hardwareType, mac, mtu: 1500, masterIndex, kind: undefined }
  }
}

function address(
  interfaceIndex: number,
  text: string,
  flags = 0,
  type: 'address' | 'address-removed' = 'address'
): NetlinkMessage {
  return { type, address: { interfaceIndex, address: parseIpAddress(text), prefixLength: 24, flags } }
}

test('an interface is added once, changed by what differs, and not by what is told again', () => {
  const table = new InterfaceTable()
  expect(table.apply([link(1)])?.added.map(({ name }) => name)).toEqual(['eth1'])
  expect(table.apply([link(1)])).toBeUndefined()
  const change = table.apply([link(1, { name: 'renamed' })])
  expect(change).toMatchObject({
    added: [],
    removed: [],
    changed: [{ before: { name: 'eth1' }, after: { name: 'renamed' } }]
  })
})

test.each([
  ['down', link(1, { flags: 0 })],
  ['carrier', link(1, { flags: INTERFACE_FLAG.UP | INTERFACE_FLAG.LOWER_UP })],
  ['a master', link(1, { masterIndex: 9 })],
  ['no ARP', link(1, { flags: INTERFACE_FLAG.UP | INTERFACE_FLAG.NOARP })],
  ['no Ethernet', link(1, { hardwareType: 772 })],
  ['an address', address(1, '192.0.2.1')]
])('%s is a change', (_, message) => {
  const table = new InterfaceTable()
  table.apply([link(1)])
  const before = table.interfaces
  expect(table.apply([message])?.changed).toHaveLength(1)
  expect(before.get(1)).not.toBe(table.interfaces.get(1))
  expect(before.get(1)).toMatchObject({ isUp: true, hasCarrier: false, addresses: [] })
})

test('addresses are in order, outlive what else changes, and go with the interface', () => {
  const table = new InterfaceTable()
  table.apply([link(1), address(1, 'fe80::1'), address(1, '192.0.2.9'), address(1, '192.0.2.1')])
  table.apply([link(1, { name: 'renamed' })])
  const texts = table.interfaces.get(1)?.addresses.map((found) => found.address.toString())
  expect(texts).toEqual(['192.0.2.1', '192.0.2.9', 'fe80::1'])
  table.apply([address(1, '192.0.2.9', 0, 'address-removed')])
  expect(table.interfaces.get(1)?.addresses).toHaveLength(2)
  expect(table.apply([{ type: 'link-removed', index: 1 }])?.removed).toHaveLength(1)
  table.apply([link(1)])
  expect(table.interfaces.get(1)?.addresses).toEqual([])
})

test('an address counts when its duplicate address detection is over, and not when it failed', () => {
  const table = new InterfaceTable()
  table.apply([link(1), address(1, 'fe80::1', ADDRESS_FLAG.TENTATIVE)])
  expect(table.interfaces.get(1)?.addresses).toEqual([])
  expect(table.apply([address(1, 'fe80::1')])?.changed).toHaveLength(1)
  expect(table.apply([address(1, 'fe80::1', ADDRESS_FLAG.DADFAILED)])?.changed[0]?.after.addresses).toEqual(
    []
  )
})

test('an address of an interface that is not there is nobody’s', () => {
  const table = new InterfaceTable()
  expect(table.apply([address(7, '192.0.2.1'), { type: 'link-removed', index: 7 }])).toBeUndefined()
  expect(table.interfaces.size).toBe(0)
})

test('a complete list replaces what was missed, and tells only the difference', () => {
  const table = new InterfaceTable()
  table.apply([link(1), link(2), link(3), address(1, '192.0.2.1')])
  const untouched = table.interfaces.get(1)
  const change = table.replace([link(1), link(3, { flags: 0 }), link(4), address(1, '192.0.2.1')])
  expect(change?.added.map(({ index }) => index)).toEqual([4])
  expect(change?.removed.map(({ index }) => index)).toEqual([2])
  expect(change?.changed.map(({ after }) => after.index)).toEqual([3])
  expect(table.interfaces.get(1)).toBe(untouched)
})
