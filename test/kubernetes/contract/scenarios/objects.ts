import { JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, versionOf } from '../scribe.ts'
import { configMap, type Scenario } from './scenario.ts'

export const OBJECT_SCENARIOS: readonly Scenario[] = [
  {
    name: 'an object is made, read, replaced and deleted',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), configMap('a', { x: '1' }))
      await scribe.get(core('configmaps/a'))
      await scribe.put(core('configmaps/a'), configMap('a', { x: '2' }))
      await scribe.put(core('configmaps/a'), configMap('a', { x: '2' }))
      await scribe.delete(core('configmaps/a'))
      await scribe.get(core('configmaps/a'))
      await scribe.delete(core('configmaps/a'))
      await scribe.put(core('configmaps/a'), configMap('a', { x: '2' }))
    }
  },
  {
    name: 'what cannot be made is refused with the same words',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), configMap('a'))
      await scribe.post(core('configmaps'), configMap('a'))
      await scribe.post(core('configmaps'), configMap('Not_A_Name'))
      await scribe.post(core('configmaps'), configMap('x'.repeat(254)))
      await scribe.post(core('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })
      await scribe.post(core('configmaps'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b' } })
      await scribe.post(core('configmaps'), { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'b' } })
      await scribe.post(core('configmaps'), { metadata: { name: 'without-kind' } })
      await scribe.post(core('configmaps'), {
        ...configMap('b'),
        metadata: { name: 'b', namespace: 'elsewhere' }
      })
      await scribe.post('/api/v1/namespaces/nowhere/configmaps', configMap('b'))
      await scribe.post(core('configmaps'), {
        ...configMap('b'),
        metadata: { name: 'b', labels: { 'a b': 'c' } }
      })
      await scribe.post(core('configmaps'), {
        ...configMap('b'),
        metadata: { name: 'b', labels: { a: 'not ok!' } }
      })
      await scribe.put(core('configmaps/a'), configMap('b'))
      await scribe.get(core('nonsense'))
      await scribe.get(core('configmaps/a/status'))
    }
  },
  {
    name: 'a write for an older version is a conflict, and nothing is written',
    run: async (scribe, { core }) => {
      const first = await scribe.post(core('configmaps'), configMap('a', { x: '1' }))
      const resourceVersion = versionOf(first)
      const written = (x: string): object => ({
        ...configMap('a', { x }),
        metadata: { name: 'a', resourceVersion }
      })
      await scribe.put(core('configmaps/a'), written('2'))
      await scribe.put(core('configmaps/a'), written('3'))
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, {
        metadata: { resourceVersion },
        data: { x: '4' }
      })
      await scribe.put(core('configmaps/a'), {
        ...configMap('a'),
        metadata: { name: 'a', uid: '11111111-1111-4111-8111-111111111111' }
      })
      await scribe.delete(core('configmaps/a'), { preconditions: { resourceVersion } })
      await scribe.delete(core('configmaps/a'), {
        preconditions: { uid: '11111111-1111-4111-8111-111111111111' }
      })
      await scribe.get(core('configmaps/a'))
    }
  },
  {
    name: 'each kind of patch changes what it names',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), configMap('a', { x: '1', y: '1' }))
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, { data: { x: null, z: '1' } })
      await scribe.patch(core('configmaps/a'), JSON_PATCH, [{ op: 'replace', path: '/data/y', value: '2' }])
      await scribe.patch(core('configmaps/a'), JSON_PATCH, [{ op: 'test', path: '/data/y', value: '3' }])
      await scribe.patch(core('configmaps/a'), JSON_PATCH, [{ op: 'remove', path: '/data/none' }])
      await scribe.patch(core('configmaps/a'), STRATEGIC_PATCH, { data: { y: '4' } })
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, {})
      await scribe.patch(core('configmaps/a'), 'text/plain', {})
      await scribe.patch(core('configmaps/none'), MERGE_PATCH, {})
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, { metadata: { name: 'b' } })
      await scribe.patch(core('configmaps/a?dryRun=All'), MERGE_PATCH, { data: { y: 'never' } })
      await scribe.patch(core('configmaps/a?dryRun=Some'), MERGE_PATCH, { data: { y: 'never' } })
      await scribe.get(core('configmaps/a'))
    }
  },
  {
    name: 'an unknown field of a built-in kind is ignored, warned of or refused, as the request wants it',
    differs: 'unknown fields of built-in kinds are kept',
    run: async (scribe, { core }) => {
      const odd = { ...configMap('a'), surprise: true }
      await scribe.post(core('configmaps?fieldValidation=Strict'), odd)
      await scribe.post(core('configmaps?fieldValidation=Warn'), odd)
      await scribe.put(core('configmaps/a?fieldValidation=Ignore'), odd)
      await scribe.put(core('configmaps/a?fieldValidation=Sometimes'), odd)
    }
  },
  {
    name: 'a finalizer keeps a deleted object until it is taken off',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), {
        ...configMap('a'),
        metadata: { name: 'a', finalizers: ['clarion.test/hold'] }
      })
      await scribe.delete(core('configmaps/a'))
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, { data: { still: 'here' } })
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, { metadata: { finalizers: null } })
      await scribe.get(core('configmaps/a'))
    }
  },
  {
    name: 'a name is made up for an object that has only the beginning of one',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { generateName: 'generated-' }
      })
    }
  },
  {
    name: 'a collection is deleted by selector',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), configMap('a', {}, { color: 'red' }))
      await scribe.post(core('configmaps'), configMap('b', {}, { color: 'blue' }))
      await scribe.delete(core('configmaps?labelSelector=color%3Dred'))
      await scribe.get(core('configmaps?labelSelector=color'))
    }
  },
  {
    name: 'the content of ConfigMaps and versions are checked, and finalizers of what is being deleted',
    differs: 'keys of data are not checked; a version that is no number is 400, not 500; one cause of two',
    run: async (scribe, { core }) => {
      await scribe.post(core('configmaps'), configMap('b', { 'not/a/key': 'x' }))
      await scribe.post(core('configmaps'), {
        ...configMap('a'),
        metadata: { name: 'a', finalizers: ['clarion.test/hold'] }
      })
      const metadata = { name: 'a', resourceVersion: 'x' }
      await scribe.put(core('configmaps/a'), { ...configMap('a'), metadata })
      await scribe.delete(core('configmaps/a'))
      const finalizers = ['clarion.test/another']
      await scribe.patch(core('configmaps/a'), MERGE_PATCH, { metadata: { finalizers } })
    }
  }
]
