import { FlagError, parseFlags } from '@clarion-lb/runtime'
import { describe, expect, test } from 'vitest'
import { CONTROLLER_FLAGS, WITHOUT_EFFECT } from './flags.ts'
import { type Settings, settingsOf } from './settings.ts'

function settings(argv: readonly string[], env: Record<string, string> = {}): Omit<Settings, 'pod'> {
  const parsed = parseFlags({ name: 'controller', description: '', argv, env }, CONTROLLER_FLAGS)
  if (parsed === undefined) throw new Error('help was asked for')
  return settingsOf(parsed.values)
}

describe('the flags of MetalLB', () => {
  test('as its manifests give them are taken', () => {
    const argv = [
      '--port=7472',
      '--log-level=info',
      '--tls-min-version=VersionTLS12',
      '--webhook-mode=enabled'
    ]
    const env = {
      METALLB_ML_SECRET_NAME: 'memberlist',
      METALLB_DEPLOYMENT: 'controller',
      METALLB_BGP_TYPE: 'frr'
    }
    const { flags, namespace } = settings(argv, { ...env, METALLB_NAMESPACE: 'metallb-system' })
    expect(namespace).toBe('metallb-system')
    expect(flags).toMatchObject({ port: 7472, 'ml-secret-name': 'memberlist', deployment: 'controller' })
  })

  test.each([
    [['--webhook-mode=never'], 'not one of enabled, disabled, onlywebhook'],
    [['--pprof-bind-address=:6060'], 'node --inspect'],
    [['--port=x'], 'not a port number'],
    [['--log-level=loud'], 'not one of']
  ])('%j is refused: %s', (argv, text) => {
    expect(() => settings([...argv, '--namespace=n'])).toThrow(FlagError)
    expect(() => settings([...argv, '--namespace=n'])).toThrow(text)
  })

  test('those without effect are flags that there are', () => {
    expect(Object.keys(CONTROLLER_FLAGS)).toEqual(expect.arrayContaining([...WITHOUT_EFFECT]))
  })
})

describe('the identity', () => {
  test('is the name of the pod; without one no two processes have the same', () => {
    expect(settings(['--namespace=n', '--pod-name=controller-1']).identity).toBe('controller-1')
    const [one, two] = [settings(['--namespace=n']), settings(['--namespace=n'])]
    expect(one.identity).not.toBe(two.identity)
  })
})
