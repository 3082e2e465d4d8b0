import { describe, expect, test } from 'vitest'
import { buildConfig, type Community, compareCommunities } from './index.ts'

const POOL = { metadata: { name: 'p' }, spec: { addresses: ['198.51.100.0/24'] } }

function communitiesOf(
  communities: readonly string[],
  aliases: readonly { name: string; value: string }[] = []
) {
  const { config, problems } = buildConfig({
    pools: [POOL],
    bgpAdvertisements: [{ metadata: { name: 'x' }, spec: { communities } }],
    communities: [{ metadata: { name: 'c' }, spec: { communities: aliases } }]
  })
  return {
    communities: config.pools[0]?.bgpAdvertisements[0]?.communities.map(textOf),
    fields: problems.map(({ field }) => field)
  }
}

function textOf(community: Community): string {
  if (community.type === 'standard') return `${community.value >>> 16}:${community.value & 0xffff}`
  return `${community.globalAdministrator}:${community.localData1}:${community.localData2}`
}

describe('communities', () => {
  // The IANA registry of well-known BGP communities.
  test.each([
    ['graceful-shutdown', '65535:0'],
    ['accept-own', '65535:1'],
    ['llgr-stale', '65535:6'],
    ['no-llgr', '65535:7'],
    ['blackhole', '65535:666'],
    ['no-export', '65535:65281'],
    ['no-advertise', '65535:65282'],
    ['no-export-subconfed', '65535:65283'],
    ['nopeer', '65535:65284'],
    ['no-peer', '65535:65284']
  ])('%s is %s, unless an alias has that name', (name, text) => {
    expect(communitiesOf([name])).toEqual({ communities: [text], fields: [] })
    expect(communitiesOf([name], [{ name, value: '1:2' }]).communities).toEqual(['1:2'])
  })

  test.each(['toString', '__proto__', 'constructor', 'NO-EXPORT'])('%s is none', (name) => {
    expect(communitiesOf([name]).fields).toEqual(['spec.communities[0]'])
  })

  test('are in order, each once, however they are written', () => {
    expect(
      communitiesOf(['large:1:2:3', '64512:2', '064512:002', '64512:1', 'large:1:1:9']).communities
    ).toEqual(['64512:1', '64512:2', '1:1:9', '1:2:3'])
  })

  test.each(['00000000001:2', '1:00000000002', 'large:0:00000000001:2'])(
    'may have leading zeros: %s',
    (text) => {
      expect(communitiesOf([text]).fields).toEqual([])
    }
  )

  test.each(['65536:1', '00000065536:1', `${'9'.repeat(400)}:1`, 'large:4294967296:1:2', '+1:2', '1:', ':'])(
    'are not %s',
    (text) => {
      expect(communitiesOf([text]).fields).toEqual(['spec.communities[0]'])
    }
  )

  test('are at most 63 on one advertisement', () => {
    const many = Array.from({ length: 64 }, (_, i) => `64512:${i}`)
    expect(communitiesOf(many.slice(1)).fields).toEqual([])
    expect(communitiesOf(many).fields).toEqual(['spec.communities'])
    expect(communitiesOf([...many.slice(1), '064512:1']).fields).toEqual([])
  })

  test('are ordered: standard before large, then by value', () => {
    const large = (a: number, b: number, c: number): Community => ({
      type: 'large',
      globalAdministrator: a,
      localData1: b,
      localData2: c
    })
    const standard = (value: number): Community => ({ type: 'standard', value })
    const ordered = [standard(1), standard(0xffff_ffff), large(0, 0, 1), large(0, 1, 0), large(1, 0, 0)]
    expect(ordered.toReversed().toSorted(compareCommunities)).toEqual(ordered)
  })
})
