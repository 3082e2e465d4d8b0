import type { Community } from '@clarion-lb/config'
import { IpPrefix } from '@clarion-lb/netaddr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BgpChange, type BgpRoute, WantedRoutes } from './index.ts'

interface RouteOptions {
  readonly localPref?: number
  readonly communities?: readonly number[]
  readonly peers?: readonly string[] | undefined
  readonly advertisement?: string
}

const standard = (value: number): Community => ({ type: 'standard', value })

function route(prefix: string, options: RouteOptions = {}): BgpRoute {
  const { localPref = 0, communities = [], peers, advertisement = 'ad' } = options
  return {
    prefix: IpPrefix.parse(prefix),
    localPref,
    communities: communities.map(standard),
    peers,
    advertisement
  }
}

/** Without routes: the Service is withheld. */
function change(key: string, ...routes: readonly BgpRoute[]): BgpChange {
  const after =
    routes.length === 0
      ? ({ outcome: 'withhold', reason: 'noEndpoints', because: '' } as const)
      : ({ outcome: 'advertise', pool: 'lan', addresses: [], routes, because: '' } as const)
  return { key, before: undefined, after }
}

const gone = (key: string): BgpChange => ({ key, before: undefined, after: undefined })

function wantedOf(...peers: readonly string[]): WantedRoutes {
  const wanted = new WantedRoutes()
  wanted.setPeers(peers)
  return wanted
}

const textOf = ({ prefix, localPref, communities }: ReturnType<WantedRoutes['routesOf']>[number]) =>
  `${prefix.toString()} ${localPref} ${communities.map((one) => (one.type === 'standard' ? one.value : '')).join('+')}`.trimEnd()

const brief = (differences: ReturnType<WantedRoutes['apply']>): readonly string[] =>
  differences.map(({ peer, set, remove }) =>
    [`${peer}:`, ...set.map((one) => `+${textOf(one)}`), ...remove.map((prefix) => `-${prefix}`)].join(' ')
  )

const [P, Q] = ['192.0.2.1/32', '192.0.2.2/32']

describe('peers', () => {
  test('are told what is for them, once', () => {
    const wanted = wantedOf('r2', 'r1')
    const both = change('s/a', route(P), route(Q, { peers: ['r2', 'r9'] }))
    expect(brief(wanted.apply([both]))).toEqual([`r1: +${P} 0`, `r2: +${P} 0 +${Q} 0`])
    expect(wanted.apply([both])).toEqual([])
    expect(wanted.peersOf('s/a')).toEqual(['r1', 'r2'])
    expect(brief(wanted.apply([change('s/a', route(Q, { peers: ['r2'] }))]))).toEqual([
      `r1: -${P}`,
      `r2: -${P}`
    ])
    expect(wanted.peersOf('s/a')).toEqual(['r2'])
    expect(brief(wanted.apply([change('s/a')]))).toEqual([`r2: -${Q}`])
    expect([wanted.peersOf('s/a'), wanted.size]).toEqual([[], 0])
  })

  test('that come are told all that is for them; of those that go all is removed; others hear nothing', () => {
    const wanted = wantedOf('r1')
    wanted.apply([change('s/a', route(P)), change('s/b', route(Q, { peers: ['r2'] }))])
    expect(wanted.peersOf('s/b')).toEqual([])
    expect(brief(wanted.setPeers(['r1', 'r2']))).toEqual([`r2: +${P} 0 +${Q} 0`])
    expect(wanted.setPeers(['r2', 'r1'])).toEqual([])
    expect(wanted.peersOf('s/b')).toEqual(['r2'])
    expect(brief(wanted.setPeers(['r2', 'r3']))).toEqual([`r1: -${P}`, `r3: +${P} 0`])
    expect([wanted.routesOf('r1'), wanted.peersOf('s/a')]).toEqual([[], ['r2', 'r3']])
  })

  test('that are told the same share the object that says it, also from one change to the next', () => {
    const wanted = wantedOf('r1', 'r2', 'r3')
    wanted.apply([
      change(
        's/a',
        route(P, { peers: ['r1', 'r2'], localPref: 5 }),
        route(P, { advertisement: 'b', localPref: 5, peers: ['r3'] })
      )
    ])
    const [first, second, third] = ['r1', 'r2', 'r3'].map((peer) => wanted.routesOf(peer)[0])
    expect(first).toBeDefined()
    expect([second === first, third === first]).toEqual([true, true])
    wanted.apply([change('s/b', route(P, { localPref: 5 }))])
    expect(wanted.routesOf('r2')[0] === first).toBe(true)
  })

  test('there are none of: nothing is told, and all is kept for those to come', () => {
    const wanted = new WantedRoutes()
    expect(wanted.apply([change('s/a', route(P))])).toEqual([])
    expect([wanted.size, wanted.peersOf('s/a')]).toEqual([1, []])
    expect(brief(wanted.setPeers(['r1']))).toEqual([`r1: +${P} 0`])
  })
})

describe('Services with one prefix', () => {
  test('have it until the last is gone', () => {
    const wanted = wantedOf('r1')
    const aggregate = route('192.0.2.0/24')
    wanted.apply([change('s/b', aggregate), change('s/a', route('192.0.2.0/24'))])
    expect(wanted.servicesOf('192.0.2.0/24')).toEqual(['s/a', 's/b'])
    expect(wanted.apply([gone('s/a')])).toEqual([])
    expect([wanted.peersOf('s/a'), wanted.peersOf('s/b')]).toEqual([[], ['r1']])
    expect(brief(wanted.apply([gone('s/b')]))).toEqual(['r1: -192.0.2.0/24'])
  })

  test('that swap their addresses in one step cause nothing', () => {
    const wanted = wantedOf('r1')
    wanted.apply([change('s/a', route(P)), change('s/b', route(Q))])
    expect(wanted.apply([change('s/a', route(Q)), change('s/b', route(P))])).toEqual([])
    expect(wanted.servicesOf(P)).toEqual(['s/b'])
  })

  test('have all of their communities on it, in order, each once', () => {
    const wanted = wantedOf('r1')
    wanted.apply([change('s/a', route(P, { communities: [2, 9] }))])
    expect(brief(wanted.apply([change('s/b', route(P, { communities: [1, 2] }))]))).toEqual([
      `r1: +${P} 0 1+2+9`
    ])
    expect(brief(wanted.apply([change('s/a')]))).toEqual([`r1: +${P} 0 1+2`])
    expect(wanted.conflicts()).toEqual([])
  })

  test('that differ in localPref: the highest is used, and both are named', () => {
    const wanted = wantedOf('r1', 'r2')
    wanted.apply([change('s/a', route(P, { localPref: 100, advertisement: 'x' }))])
    const rival = change('s/b', route(P, { localPref: 200, advertisement: 'y', peers: ['r2'] }))
    expect(brief(wanted.apply([rival]))).toEqual([`r2: +${P} 200`])
    expect(wanted.conflicts()).toEqual([
      {
        reason: 'localPref',
        prefix: P,
        peers: ['r2'],
        services: ['s/b', 's/a'],
        because:
          'localPref is to be 200 (Service s/b, BGPAdvertisement y), and 100 (Service s/a, BGPAdvertisement x); the highest is used'
      }
    ])
    wanted.apply([change('s/b')])
    expect(wanted.conflicts()).toEqual([])
  })

  test('that add up to more than 63 communities: the first 63 are used, and it is said', () => {
    const wanted = wantedOf('r1')
    const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
    wanted.apply([
      change('s/b', route(P, { communities: count(30, 64), advertisement: 'y' })),
      change('s/a', route(P, { communities: count(0, 40), advertisement: 'x' }))
    ])
    expect(wanted.routesOf('r1')[0]?.communities).toEqual(count(0, 63).map(standard))
    expect(wanted.conflicts()).toEqual([
      {
        reason: 'tooManyCommunities',
        prefix: P,
        peers: undefined,
        services: ['s/a', 's/b'],
        because: 'BGPAdvertisements x, y add up to 64 communities; the first 63 are used'
      }
    ])
    wanted.apply([gone('s/a')])
    expect(wanted.conflicts()).toEqual([])
  })
})

describe('after any changes', () => {
  const PEERS = ['r1', 'r2', 'r3']
  const claim = fc.record({
    prefix: fc.constantFrom(P, Q, '2001:db8::/64'),
    localPref: fc.integer({ min: 0, max: 2 }),
    communities: fc.uniqueArray(fc.integer({ min: 0, max: 70 }), { maxLength: 50 }),
    peers: fc.option(fc.subarray([...PEERS, 'r9'], { minLength: 1 }), { nil: undefined })
  })
  const routes = fc.array(claim, { maxLength: 3 })
  const step = fc.oneof(
    fc.record({ key: fc.constantFrom('s/a', 's/b', 's/c'), routes }),
    fc.record({ peers: fc.shuffledSubarray(PEERS) })
  )

  test('all is as if made from scratch, and the differences lead there', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const wanted = new WantedRoutes()
        const added = new Map<string, readonly BgpRoute[]>()
        let peers: readonly string[] = []
        const replica = new Map<string, Map<string, string>>(PEERS.map((peer) => [peer, new Map()]))
        for (const one of steps) {
          let differences: ReturnType<WantedRoutes['apply']>
          if ('peers' in one) {
            peers = one.peers
            differences = wanted.setPeers(peers)
          } else {
            const made = one.routes.map(({ prefix, communities, ...more }, i) =>
              route(prefix, {
                ...more,
                communities: communities.toSorted((a, b) => a - b),
                advertisement: `ad${i}`
              })
            )
            added.set(one.key, made)
            differences = wanted.apply([change(one.key, ...made)])
          }
          for (const { peer, set, remove } of differences) {
            expect(set.length + remove.length).toBeGreaterThan(0)
            const table = replica.get(peer)
            for (const prefix of remove) expect(table?.delete(prefix)).toBe(true)
            for (const it of set) {
              const prefix = it.prefix.toString()
              expect(table?.get(prefix)).not.toBe(textOf(it))
              table?.set(prefix, textOf(it))
            }
          }
        }
        const fresh = wantedOf(...peers)
        fresh.apply([...added].toReversed().map(([key, made]) => change(key, ...made)))
        for (const peer of PEERS) {
          const texts = fresh.routesOf(peer).map(textOf).toSorted()
          expect(texts).toEqual(scratch(added, peers, peer))
          expect(wanted.routesOf(peer).map(textOf).toSorted()).toEqual(texts)
          expect([...(replica.get(peer)?.values() ?? [])].toSorted()).toEqual(texts)
        }
        expect(wanted.conflicts()).toEqual(fresh.conflicts())
        expect(wanted.size).toBe(fresh.size)
        for (const key of added.keys()) expect(wanted.peersOf(key)).toEqual(fresh.peersOf(key))
      })
    )
  })

  /** The rule written down once more: highest localPref, union of communities cut at 63. */
  function scratch(
    added: ReadonlyMap<string, readonly BgpRoute[]>,
    peers: readonly string[],
    peer: string
  ): readonly string[] {
    if (!peers.includes(peer)) return []
    const own = [...added.values()].flat().filter((it) => it.peers?.includes(peer) ?? true)
    const prefixes = new Set(own.map(({ prefix }) => prefix.toString()))
    return [...prefixes]
      .map((text) => {
        const same = own.filter(({ prefix }) => prefix.toString() === text)
        const localPref = Math.max(...same.map((it) => it.localPref))
        const values = same.flatMap((it) =>
          it.communities.map((one) => (one.type === 'standard' ? one.value : 0))
        )
        const communities = [...new Set(values)].toSorted((a, b) => a - b).slice(0, 63)
        return `${text} ${localPref} ${communities.join('+')}`.trimEnd()
      })
      .toSorted()
  }
})
