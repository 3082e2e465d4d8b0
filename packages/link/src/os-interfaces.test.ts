import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { OsInterfaces } from './os-interfaces.ts'

const EN0: NetworkInterfaceInfo = {
  family: 'IPv6',
  address: 'fe80::1',
  netmask: 'ffff:ffff:ffff:ffff::',
  cidr: 'fe80::1/64',
  mac: '02:00:00:00:00:01',
  internal: false,
  scopeid: 4
}

test('what Node lists becomes interfaces, and a name keeps its index', () => {
  let list: Record<string, NetworkInterfaceInfo[]> = { en0: [EN0] }
  const interfaces = new OsInterfaces(() => list)
  expect(interfaces.read()?.added).toMatchObject([
    { index: 1, name: 'en0', isUp: true, addresses: [{ prefixLength: 64 }] }
  ])
  expect(interfaces.read()).toBeUndefined()
  list = { en1: [EN0] }
  expect(interfaces.read()).toMatchObject({ added: [{ index: 2 }], removed: [{ index: 1 }] })
  list = { en0: [{ ...EN0, cidr: null }], en1: [EN0] }
  expect(interfaces.read()).toMatchObject({ added: [{ index: 1, addresses: [] }], changed: [], removed: [] })
})
