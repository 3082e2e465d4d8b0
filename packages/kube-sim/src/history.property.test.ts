import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, stringAt } from './json.ts'
import { type KubeObject } from './kube-object.ts'
import { Store } from './store.ts'
import { Watcher } from './watcher.ts'

const RESOURCE = '/configmaps'
const NAMES = ['a', 'b', 'c', 'd'] as const

const change = fc.record({
  name: fc.constantFrom(...NAMES),
  /** `undefined` removes. */
  tier: fc.constantFrom('web', 'data', undefined)
})

function object(name: string, tier: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: { tier } } }
}

function write(
  store: Store,
  { name, tier }: { readonly name: string; readonly tier: string | undefined }
): void {
  if (tier === undefined) store.remove(RESOURCE, 'default', name)
  else store.put(RESOURCE, object(name, tier))
}

/** What a client knows that follows a watch. */
class Mirror {
  readonly known = new Map<string, string>()
  readonly problems: string[] = []
  readonly watcher: Watcher
  isSlow = false

  constructor(store: Store, after: number, initial: boolean) {
    const matches = (stored: { readonly object: KubeObject }): boolean =>
      stored.object.metadata.labels?.['tier'] === 'web'
    this.watcher = new Watcher({
      history: store.history(RESOURCE),
      after,
      initial: initial ? store.list(RESOURCE).filter(matches) : [],
      wantsBookmarks: false,
      matches,
      format: (stored) => JSON.stringify(stored.object),
      formatBookmark: () => '{}',
      sink: { write: (chunk) => this.#take(chunk), end: () => {} }
    })
  }

  #take(chunk: string): boolean {
    const event = parseJson(chunk)
    const type = stringAt(event, 'type')
    const name = stringAt(event, 'object', 'metadata', 'name') ?? ''
    const isKnown = this.known.has(name)
    if ((type === 'ADDED') === isKnown) this.problems.push(`${type} ${name}`)
    if (type === 'DELETED') this.known.delete(name)
    else this.known.set(name, stringAt(event, 'object', 'metadata', 'resourceVersion') ?? '')
    return !this.isSlow
  }
}

function selected(store: Store): ReadonlyMap<string, string> {
  const matching = store.list(RESOURCE).filter((stored) => stored.object.metadata.labels?.['tier'] === 'web')
  return new Map(matching.map((stored) => [stored.object.metadata.name, String(stored.revision)]))
}

test('whoever lists and watches knows what is selected, also after slow reading', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), fc.array(change), (before, during, slowly) => {
      const store = new Store()
      for (const it of before) write(store, it)
      const mirror = new Mirror(store, store.revision, true)
      mirror.watcher.start()
      for (const it of during) write(store, it)
      mirror.isSlow = true
      for (const it of slowly) write(store, it)
      mirror.isSlow = false
      mirror.watcher.resume()
      expect(mirror.problems).toEqual([])
      expect(mirror.known).toEqual(selected(store))
    })
  )
})

test('a watch that resumes at any revision of the past sees exactly what came after', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), fc.nat(), (changes, at) => {
      const store = new Store()
      const states: ReadonlyMap<string, string>[] = [new Map()]
      const revisions: number[] = [0]
      for (const it of changes) {
        write(store, it)
        states.push(selected(store))
        revisions.push(store.revision)
      }
      const index = at % revisions.length
      const mirror = new Mirror(store, revisions[index] ?? 0, false)
      for (const [name, revision] of states[index] ?? []) mirror.known.set(name, revision)
      mirror.watcher.start()
      expect(mirror.problems).toEqual([])
      expect(mirror.known).toEqual(selected(store))
    })
  )
})

test('a compacted history is refused, never half told', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (changes, limit) => {
        const store = new Store({ historyLimit: limit })
        for (const it of changes) write(store, it)
        const { compactedRevision } = store.history(RESOURCE)
        expect(store.history(RESOURCE).cursorAfter(compactedRevision)).toBeDefined()
        expect(
          compactedRevision === 0 || store.history(RESOURCE).cursorAfter(compactedRevision - 1) === undefined
        ).toBe(true)
      }
    )
  )
})
