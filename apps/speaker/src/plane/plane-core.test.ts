import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { PlaneWorld } from '../../test/plane-world.ts'
import type { PlaneEvent } from './messages.ts'

const VIP = '192.0.2.200'
const ABC = ['a', 'b', 'c']

/** Nodes that have found each other, and settled. */
function settled(names: readonly string[] = ABC, gateway = false): PlaneWorld {
  const world = new PlaneWorld({ names, candidates: { [VIP]: names }, gateway })
  world.run(10_000)
  expect(world.ask(VIP)).toEqual([names[0]])
  return world
}

function takenBy(world: PlaneWorld, name: string): readonly string[] {
  return world
    .eventsOf(name)
    .flatMap((event: PlaneEvent) => (event.type === 'holdings' ? event.taken.map(({ cause }) => cause) : []))
}

test('nodes that start together find each other before any of them answers', () => {
  const world = new PlaneWorld({ names: ABC, candidates: { [VIP]: ABC } })
  expect(world.run(3000, () => world.ownerOf(VIP) !== undefined)).toBeLessThan(500)
  world.run(10_000)
  expect(world.ask(VIP)).toEqual(['a'])
  expect([takenBy(world, 'b'), takenBy(world, 'c')]).toEqual([[], []])
})

test('a node alone in its cluster answers at once', () => {
  const world = new PlaneWorld({ names: ['a'], candidates: { [VIP]: ['a'] } })
  expect(world.run(3000, () => world.ownerOf(VIP) === 'a')).toBeLessThan(50)
})

test('nodes without a speaker are waited for at the start, and not missed later', () => {
  const world = new PlaneWorld({ names: ABC, candidates: { [VIP]: ABC } })
  for (const name of ['a', 'b']) world.kill(name)
  expect(world.run(10_000, () => world.ownerOf(VIP) === 'c')).toBeLessThan(3500)
  world.run(20_000)
  expect(world.ask(VIP)).toEqual(['c'])
})

test.each([
  ['three', ABC],
  ['two', ['a', 'b']],
  ['twelve', 'a b c d e f g h i j k l'.split(' ')]
])(
  'of %s nodes one that is cut off is replaced within half a second, and takes back by announcing first',
  (_what, names) => {
    const world = settled(names)
    world.cut('a')
    expect(world.run(2000, () => world.ownerOf(VIP) === 'b')).toBeLessThan(400)
    expect(takenBy(world, 'b')).toEqual(['silent'])
    world.run(10_000)
    world.mend('a')
    // No moment without an answer, from now on until it is back.
    const answers: (readonly string[])[] = []
    world.run(20_000, () => {
      answers.push(world.ask(VIP))
      return world.ownerOf(VIP) === 'a' && answers.length > 100
    })
    expect(world.ownerOf(VIP)).toBe('a')
    expect(answers.every((nodes) => nodes.length > 0)).toBe(true)
    world.run(10_000)
    expect(world.ask(VIP)).toEqual(['a'])
  }
)

test('a process that dies while its node lives is replaced within a fifth of a second', () => {
  const world = settled()
  world.kill('a')
  expect(world.run(2000, () => world.ownerOf(VIP) === 'b')).toBeLessThan(200)
  expect(takenBy(world, 'b')).toEqual(['refused'])
})

test('a process that ends answers until another one was heard', () => {
  const world = settled()
  world.leave('a')
  let silent = 0
  const tookMs = world.run(2000, () => {
    if (world.ask(VIP).length === 0) silent += 1
    return world.isDone('a')
  })
  expect([silent, tookMs < 100, world.ask(VIP)]).toEqual([0, true, ['b']])
  expect(takenBy(world, 'b')).toEqual(['left'])
})

test('a process that ends alone ends at once', () => {
  const world = new PlaneWorld({ names: ['a'], candidates: { [VIP]: ['a'] } })
  world.run(1000)
  world.leave('a')
  expect(world.run(2000, () => world.isDone('a'))).toBeLessThan(100)
})

test('who was stopped for a while does not answer when it goes on: another one does', () => {
  const world = settled()
  world.freeze('a')
  world.run(1000)
  expect(world.ownerOf(VIP)).toBe('b')
  world.thaw('a')
  for (let i = 0; i < 100; i += 1) {
    expect(world.ask(VIP)).toEqual(['b'])
    world.run(5)
  }
  world.run(10_000)
  expect(world.ask(VIP)).toEqual(['a'])
})

test('a pause of less than the silence of a dead one moves nothing', () => {
  const world = settled()
  world.freeze('a')
  world.run(150)
  world.thaw('a')
  world.run(10_000)
  expect(ABC.map((name) => takenBy(world, name).length)).toEqual([1, 0, 0])
})

describe('a cable', () => {
  test('that is out makes its node silent at once; back in, it waits for its turn', () => {
    const world = settled()
    world.setCarrier('a', false)
    world.run(5)
    expect(
      world
        .eventsOf('a')
        .filter(({ type }) => type === 'seclusion')
        .at(-1)
    ).toMatchObject({ seclusion: 'cutOff' })
    expect(world.run(2000, () => world.ownerOf(VIP) === 'b')).toBeLessThan(400)
    world.run(5000)
    world.setCarrier('a', true)
    world.run(1500)
    expect(world.ask(VIP)).toEqual(['b'])
    world.run(10_000)
    expect(world.ask(VIP)).toEqual(['a'])
  })

  test('that is out, as its node can tell by another way, is no riddle to the others', () => {
    const world = settled()
    world.setCarrier('a', false)
    world.run(5)
    world.relayCarrier('a')
    expect(world.run(1000, () => world.ownerOf(VIP) === 'b')).toBeLessThanOrEqual(10)
    world.run(5000)
    expect(takenBy(world, 'b')).toEqual(['unplugged'])
    // What was told is still there when it is not so any more.
    world.setCarrier('a', true)
    world.run(1500)
    expect(world.ask(VIP)).toEqual(['b'])
    world.run(10_000)
    expect(world.ask(VIP)).toEqual(['a'])
    world.setCarrier('a', false)
    world.run(5)
    world.relayCarrier('a')
    expect(world.run(1000, () => world.ownerOf(VIP) === 'b')).toBeLessThanOrEqual(10)
  })

  test('that was out in another life is in now', () => {
    const world = settled()
    world.setCarrier('a', false)
    world.run(5)
    const lifeMs = world.relayCarrier('a') ?? 0
    world.setCarrier('a', true)
    world.run(15_000)
    expect(world.ask(VIP)).toEqual(['a'])
    const before = takenBy(world, 'b').length
    world.relayUnplugged('a', lifeMs)
    world.run(1000)
    expect(takenBy(world, 'b').length).toBe(before)
  })
})

describe('a node whose datagrams alone do not come through', () => {
  const OTHER = '192.0.2.201'

  function blocked(names: readonly string[], ...mute: readonly string[]): PlaneWorld {
    const candidates = { [VIP]: names, [OTHER]: names.toReversed() }
    const world = new PlaneWorld({ names, candidates, gateway: true })
    world.run(10_000)
    world.blockDatagrams(...mute)
    return world
  }

  const holders = (world: PlaneWorld): readonly (readonly string[])[] => [world.ask(VIP), world.ask(OTHER)]

  test('stops when it hears who took over, and leaves to the others what is theirs', () => {
    const world = blocked(ABC, 'a')
    world.run(1500)
    expect(world.ask(VIP)).toEqual(['b'])
    world.run(5000)
    expect(holders(world)).toEqual([['b'], ['c']])
    // It is tried again only now and then.
    let double = 0
    const tookMs = world.run(200_000, () => {
      if (holders(world).some(({ length }) => length > 1)) double += 1
      return false
    })
    expect(double * 5).toBeLessThan(tookMs / 10)
  })

  test('takes back when it is heard again, by announcing first', () => {
    const world = blocked(ABC, 'a')
    world.run(10_000)
    world.unblockDatagrams('a')
    let silent = 0
    world.run(15_000, () => {
      if (holders(world).some(({ length }) => length === 0)) silent += 1
      return false
    })
    expect([silent, holders(world)]).toEqual([0, [['a'], ['c']]])
  })

  test('has all after all when the others are gone', () => {
    const world = blocked(ABC, 'a')
    world.run(10_000)
    world.cut('b')
    world.cut('c')
    world.run(90_000)
    expect(holders(world)).toEqual([['a'], ['a']])
  })

  test.each([
    ['two', ['a', 'b']],
    ['three', ABC]
  ])('keeps what it is first of if all %s are such nodes', (_what, names) => {
    const world = blocked(names, ...names)
    world.run(1000)
    let others = 0
    const owners = [['a'], [names.at(-1)]]
    const tookMs = world.run(200_000, () => {
      if (!isDeepStrictEqual(holders(world), owners)) others += 1
      return false
    })
    // While others try whether it is still there.
    expect(others * 5).toBeLessThan(tookMs / 1000)
    expect(holders(world)).toEqual(owners)
  })
})

describe('a node whose port is another program’s', () => {
  test('takes nothing, as no other hears it; when the port is free it takes back', () => {
    const candidates = { [VIP]: ABC, '192.0.2.201': ['b', 'a', 'c'] }
    const world = new PlaneWorld({ names: ABC, candidates, takenPorts: ['a'] })
    world.run(10_000)
    expect(takenBy(world, 'a')).toEqual([])
    expect([world.ask(VIP), world.ask('192.0.2.201')]).toEqual([['b'], ['b']])
    world.freePort('a')
    world.run(15_000)
    expect([world.ask(VIP), world.ask('192.0.2.201')]).toEqual([['a'], ['b']])
  })

  test('has what it had until somebody else is heard', () => {
    const world = settled()
    world.takePort('a')
    world.changePort('a')
    let silent = 0
    world.run(1000, () => {
      if (world.ask(VIP).length === 0) silent += 1
      return false
    })
    expect([silent, world.ask(VIP)]).toEqual([0, ['b']])
    world.freePort('a')
    world.run(15_000)
    expect(world.ask(VIP)).toEqual(['a'])
  })

  test('serves if there is no other', () => {
    const world = new PlaneWorld({ names: ['a'], candidates: { [VIP]: ['a'] }, takenPorts: ['a'] })
    expect(world.run(3000, () => world.ownerOf(VIP) === 'a')).toBeLessThan(50)
  })
})

test('a node that is deleted does not stand for one that was not heard yet', () => {
  const world = new PlaneWorld({ names: 'a b c d'.split(' '), candidates: { [VIP]: ABC } })
  world.kill('c')
  world.setNodes('a', ['a', 'b', 'c'])
  world.run(500)
  world.setNodes('a', ['a', 'c', 'd'])
  world.run(500)
  const isGathered = (): boolean => world.eventsOf('a').some(({ type }) => type === 'gathered')
  expect(isGathered()).toBe(false)
  world.run(3000)
  expect(isGathered()).toBe(true)
})

describe('who hears nobody', () => {
  test('and not the gateway has nothing', () => {
    const world = settled(ABC, true)
    world.cut('a')
    world.run(1500)
    const last = world
      .eventsOf('a')
      .filter(({ type }) => type === 'holdings')
      .at(-1)
    expect(last).toMatchObject({ released: [VIP] })
  })

  test('but the gateway takes over what all others had, though they died at once', () => {
    const world = settled(ABC, true)
    world.cut('a')
    world.cut('b')
    expect(world.run(2000, () => world.ownerOf(VIP) === 'c')).toBeLessThan(450)
    expect(takenBy(world, 'c')).toEqual(['isolation'])
  })

  test('of two without a gateway goes on, and takes over', () => {
    const world = settled(['a', 'b'])
    world.kill('a')
    expect(world.run(2000, () => world.ownerOf(VIP) === 'b')).toBeLessThan(400)
  })
})
