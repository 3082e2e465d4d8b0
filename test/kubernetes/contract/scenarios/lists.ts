import { until } from '../../control-plane-fixture.ts'
import type { Scribe } from '../scribe.ts'
import { MERGE_PATCH, textAt, versionOf } from '../scribe.ts'
import { configMap, type Place, type Scenario } from './scenario.ts'

/** Only ours: a controller may put its own into every namespace. */
const OURS = 'labelSelector=color'

async function putThree(scribe: Scribe, { core }: Place): Promise<void> {
  await scribe.post(core('configmaps'), configMap('a', {}, { color: 'red' }))
  await scribe.post(core('configmaps'), configMap('b', {}, { color: 'blue' }))
  await scribe.post(core('configmaps'), configMap('c', {}, { color: 'red' }))
}

export const LIST_SCENARIOS: readonly Scenario[] = [
  {
    name: 'lists are selected by label and by field',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      for (const selector of [
        'color=red',
        'color!=red,color',
        'color in (red,blue)',
        'color notin (red),color',
        '!color',
        'color=',
        'color in',
        '=x',
        'a b'
      ])
        await scribe.get(place.core(`configmaps?labelSelector=${encodeURIComponent(selector)}`))
      for (const selector of ['metadata.name=a', 'metadata.name!=a', 'data.x=1', 'metadata.name'])
        await scribe.get(place.core(`configmaps?${OURS}&fieldSelector=${encodeURIComponent(selector)}`))
      await scribe.get(place.core('events?fieldSelector=involvedObject.kind%3DService,reason%3Dx'))
      await scribe.get(place.core('services?fieldSelector=spec.type%3DLoadBalancer'))
      await scribe.get(place.core('pods?fieldSelector=spec.nodeName%3Dn,status.phase%3DRunning'))
    }
  },
  {
    name: 'a list comes in pages of one moment',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const path = place.core(`configmaps?limit=2`)
      const first = await scribe.get(path)
      await scribe.post(place.core('configmaps'), configMap('d', {}, { color: 'red' }))
      const token = encodeURIComponent(textAt(first.body, 'metadata', 'continue'))
      await scribe.get(`${path}&continue=${token}`)
      await scribe.get(`${path}&continue=nonsense`)
      await scribe.get(`${path}&continue=${token}&resourceVersion=${versionOf(first)}`)
      await scribe.get(place.core('configmaps?limit=x'))
      await scribe.get(place.core('configmaps?limit=-1'))
      const selected = await scribe.get(place.core(`configmaps?limit=1&${OURS}`))
      const next = encodeURIComponent(textAt(selected.body, 'metadata', 'continue'))
      await scribe.get(place.core(`configmaps?limit=10&${OURS}&continue=${next}`))
    }
  },
  {
    name: 'a page whose moment is forgotten is refused with 410, and the rest of the present is offered',
    differs: 'no token for the present is offered',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const path = place.core('configmaps?limit=1')
      const token = encodeURIComponent(textAt((await scribe.get(path)).body, 'metadata', 'continue'))
      await scribe.post(place.core('configmaps'), configMap('d'))
      await place.server.forgetPast()
      const refused = await scribe.get(`${path}&continue=${token}`)
      // It may offer to go on from what there is now.
      const fresh = encodeURIComponent(textAt(refused.body, 'metadata', 'continue'))
      if (fresh !== '') await scribe.get(place.core(`configmaps?limit=10&continue=${fresh}`))
    }
  },
  {
    name: 'a list of a stated version',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const version = versionOf(await scribe.get(place.core(`configmaps?${OURS}`)))
      const added = await scribe.post(place.core('configmaps'), configMap('d', {}, { color: 'red' }))
      // A list that may be older than the present comes out of a cache, which may not have the last write yet.
      const ofAdded = place.core(`configmaps?resourceVersion=${versionOf(added)}`)
      await until('the cache has it', async () =>
        (await scribe.silent().get(ofAdded)).status === 200 ? true : undefined
      )
      for (const query of [
        'resourceVersion=0',
        `resourceVersion=${version}`,
        `resourceVersion=${version}&resourceVersionMatch=NotOlderThan`,
        'resourceVersion=0&resourceVersionMatch=Exact',
        'resourceVersionMatch=Exact',
        `resourceVersion=${version}&resourceVersionMatch=Nearly`,
        'resourceVersion=x'
      ])
        await scribe.get(place.core(`configmaps?${OURS}&${query}`))
    }
  },
  {
    name: 'a watch tells what is there, then what happens',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      await scribe.watch(place.core(`configmaps?watch=true&${OURS}`), 6, async () => {
        await scribe.patch(place.core('configmaps/a'), MERGE_PATCH, { data: { x: '1' } })
        await scribe.patch(place.core('configmaps/b'), MERGE_PATCH, { metadata: { labels: { color: null } } })
        await scribe.delete(place.core('configmaps/c'))
      })
    }
  },
  {
    name: 'a watch by selector tells of what comes to match, and of what does so no longer',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const version = versionOf(await scribe.get(place.core(`configmaps?${OURS}`)))
      await scribe.patch(place.core('configmaps/b'), MERGE_PATCH, { metadata: { labels: { color: 'red' } } })
      await scribe.patch(place.core('configmaps/a'), MERGE_PATCH, { metadata: { labels: { color: 'blue' } } })
      const selector = 'labelSelector=color%3Dred'
      await scribe.watch(place.core(`configmaps?watch=true&${selector}&resourceVersion=${version}`), 2)
      const field = 'fieldSelector=metadata.name%3Da'
      await scribe.watch(place.core(`configmaps?watch=true&${field}&resourceVersion=${version}`), 1)
    }
  },
  {
    name: 'a watch of versions that are forgotten is refused with 410, in whichever form',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const version = versionOf(await scribe.get(place.core('configmaps/a')))
      await scribe.patch(place.core('configmaps/a'), MERGE_PATCH, { data: { x: '1' } })
      await place.server.forgetPast()
      await scribe.watch(place.core(`configmaps?watch=true&resourceVersion=${version}`), 1)
      await scribe.get(place.core(`configmaps?${OURS}&resourceVersion=${version}&resourceVersionMatch=Exact`))
    }
  },
  {
    name: 'a watch ends when its time is over, and is refused when it makes no sense',
    run: async (scribe, place) => {
      const version = versionOf(await scribe.get(place.core(`configmaps?${OURS}`)))
      const path = place.core(`configmaps?watch=true&${OURS}`)
      await scribe.watch(`${path}&resourceVersion=${version}&timeoutSeconds=1`, 1)
      await scribe.watch(
        place.core(`configmaps?watch=true&resourceVersion=${version}&labelSelector=a%20b`),
        1
      )
    }
  },
  {
    name: 'a streamed list ends with a bookmark that says so',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const path = place.core(`configmaps?watch=true&${OURS}&sendInitialEvents=true`)
      await scribe.watch(`${path}&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`, 4)
      await scribe.watch(`${path}&allowWatchBookmarks=true`, 4)
      await scribe.watch(`${path}&resourceVersionMatch=NotOlderThan`, 3)
    }
  },
  {
    name: 'a list of exactly a version of the past, and a watch of none',
    differs: 'the past is not kept; a version that is no number is 400, not 500',
    run: async (scribe, place) => {
      await putThree(scribe, place)
      const version = versionOf(await scribe.get(place.core(`configmaps?${OURS}`)))
      await scribe.post(place.core('configmaps'), configMap('d', {}, { color: 'red' }))
      const match = 'resourceVersionMatch=Exact'
      await scribe.get(place.core(`configmaps?${OURS}&resourceVersion=${version}&${match}`))
      await scribe.watch(place.core(`configmaps?watch=true&${OURS}&resourceVersion=x`), 1)
    }
  }
]
