import { APPLY_PATCH } from '../scribe.ts'
import { configMap, type Scenario } from './scenario.ts'

export const APPLY_SCENARIOS: readonly Scenario[] = [
  {
    name: 'server-side apply makes an object, and owns what it names',
    run: async (scribe, { core }) => {
      const path = (manager: string, more = ''): string => core(`configmaps/a?fieldManager=${manager}${more}`)
      await scribe.patch(path('one'), APPLY_PATCH, configMap('a', { x: '1', y: '1' }))
      await scribe.patch(path('one'), APPLY_PATCH, configMap('a', { x: '1', y: '1' }))
      await scribe.patch(path('two'), APPLY_PATCH, configMap('a', { x: '2', z: '2' }))
      await scribe.patch(path('two', '&force=true'), APPLY_PATCH, configMap('a', { x: '2', z: '2' }))
      await scribe.patch(path('one'), APPLY_PATCH, configMap('a', { y: '3' }))
      await scribe.patch(path('two'), APPLY_PATCH, configMap('a', { x: '2' }))
      await scribe.patch(core('configmaps/a'), APPLY_PATCH, configMap('a'))
      await scribe.patch(path('one'), APPLY_PATCH, configMap('b'))
      await scribe.put(core('configmaps/a?fieldManager=three'), configMap('a', { x: '9', y: '3' }))
      await scribe.patch(path('two'), APPLY_PATCH, configMap('a', { x: '8' }))
    }
  },
  {
    name: 'server-side apply of a list with keys leaves the items of others',
    run: async (scribe, { core }) => {
      const service = (port: number, name: string): object => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's' },
        spec: { ports: [{ port, name }] }
      })
      await scribe.patch(core('services/s?fieldManager=one'), APPLY_PATCH, service(80, 'http'))
      await scribe.patch(core('services/s?fieldManager=two'), APPLY_PATCH, service(443, 'https'))
      await scribe.patch(core('services/s?fieldManager=one'), APPLY_PATCH, service(81, 'http'))
    }
  }
]
