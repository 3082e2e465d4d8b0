import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlagError, parseFlags } from '@clarion-lb/runtime'
import { afterwards } from '@clarion-lb/runtime/testing'
import { describe, expect, test } from 'vitest'
import { SPEAKER_FLAGS, WITHOUT_EFFECT } from './flags.ts'
import { type Settings, settingsOf } from './settings.ts'

const NEEDED = ['--node-name=n1', '--namespace=metallb-system']

function settings(argv: readonly string[], env: Record<string, string> = {}): Omit<Settings, 'pod'> {
  const parsed = parseFlags({ name: 'speaker', description: '', argv, env }, SPEAKER_FLAGS)
  if (parsed === undefined) throw new Error('help was asked for')
  return settingsOf(parsed.values, env)
}

describe('the flags of MetalLB', () => {
  test('as its manifests give them are taken', () => {
    const env = {
      METALLB_NODE_NAME: 'n1',
      METALLB_POD_NAME: 'speaker-x',
      METALLB_HOST: '192.0.2.1',
      METALLB_ML_BIND_ADDR: '10.0.0.1',
      METALLB_ML_LABELS: 'app=metallb,component=speaker',
      METALLB_ML_SECRET_KEY_PATH: '/etc/ml_secret_key',
      METALLB_NAMESPACE: 'metallb-system',
      METALLB_BGP_TYPE: 'frr-k8s'
    }
    const { node, namespace, flags } = settings(['--port=7472', '--log-level=info'], env)
    expect([node, namespace, flags['pod-name']]).toEqual(['n1', 'metallb-system', 'speaker-x'])
  })

  test.each([
    [['--bgp-type=other'], 'not one of'],
    [['--bgp-debounce-timeout=0'], 'not a positive whole number'],
    [['--ml-bindport=70000'], 'not a port number']
  ])('%j is refused: %s', (argv, text) => {
    expect(() => settings([...NEEDED, ...argv])).toThrow(FlagError)
    expect(() => settings([...NEEDED, ...argv])).toThrow(text)
  })

  test('those without effect are flags that there are', () => {
    expect(Object.keys(SPEAKER_FLAGS)).toEqual(expect.arrayContaining([...WITHOUT_EFFECT]))
  })
})

describe('settings', () => {
  test('the name of the node is needed', () => {
    expect(() => settings(['--namespace=n'])).toThrow('--node-name (METALLB_NODE_NAME)')
  })

  test('the file of excluded interfaces may be missing', () => {
    expect(settings([...NEEDED, '--exclude-l2-file=/nonexistent/file']).excludeSource).toBeUndefined()
  })

  test('if it is there it counts, and what is wrong with it is told by its name', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-'))
    afterwards(() => rm(directory, { recursive: true }))
    const file = join(directory, 'excludel2.yaml')
    await writeFile(file, 'announcedInterfacesToExclude: ["^veth"]')
    expect(settings([...NEEDED, `--exclude-l2-file=${file}`]).excludeSource).toBe('(?:^veth)')
    await writeFile(file, 'announcedInterfacesToExclude: 1')
    expect(() => settings([...NEEDED, `--exclude-l2-file=${file}`])).toThrow(file)
  })

  test.each([
    ['packet', { type: 'packet' }],
    ['cap', { type: 'cap' }],
    ['socket:/run/segment.sock', { type: 'socket', path: '/run/segment.sock' }],
    ['', { type: process.platform === 'linux' ? 'packet' : 'cap' }]
  ])('CLARION_LINK may be %j', (text, backend) => {
    expect(settings(NEEDED, { CLARION_LINK: text }).backend).toEqual(backend)
  })

  test.each(['pcap', 'Packet', 'socket:', 'socket'])('CLARION_LINK=%s is refused by name', (text) => {
    const read = (): unknown => settings(NEEDED, { CLARION_LINK: text })
    expect(read).toThrow(FlagError)
    expect(read).toThrow(`CLARION_LINK: "${text}" is not one of packet, cap, socket:PATH`)
  })

  test('a file that cannot be read is no missing file', () => {
    expect(() => settings([...NEEDED, '--exclude-l2-file=/'])).toThrow('EISDIR')
  })
})
