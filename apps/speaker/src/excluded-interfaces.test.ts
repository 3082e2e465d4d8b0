import { FlagError } from '@clarion-lb/runtime'
import { describe, expect, test } from 'vitest'
import { parseExcludedInterfaces } from './excluded-interfaces.ts'

function parse(text: string): string | undefined {
  return parseExcludedInterfaces(text, 'excludel2.yaml')
}

function matches(text: string, name: string): boolean {
  const source = parse(text)
  return source !== undefined && new RegExp(source).test(name)
}

/** As in MetalLB's manifests. */
const SHIPPED = `
announcedInterfacesToExclude: ["^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$", "^cali.*", "^tunl.*", "^flannel.*", "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*"]
`

describe('parseExcludedInterfaces', () => {
  test.each([
    ['docker0', true],
    ['lo', true],
    ['lo0', false],
    ['eth0', false],
    ['my-docker0', false],
    ['nodelocaldns', true]
  ])('the list of MetalLB, and %s: %s', (name, isExcluded) => {
    expect(matches(SHIPPED, name)).toBe(isExcluded)
  })

  test('each expression stands for itself', () => {
    const text = 'announcedInterfacesToExclude: ["^a|b$", c]'
    expect(['ax', 'xb', 'xcx', 'bx', 'd'].map((name) => matches(text, name))).toEqual([
      true,
      true,
      true,
      false,
      false
    ])
  })

  test.each([
    '',
    '# nothing\n',
    '{}',
    'other: [x]',
    'announcedInterfacesToExclude:',
    'announcedInterfacesToExclude: []'
  ])('%j excludes nothing', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  test.each([
    ['announcedInterfacesToExclude: ["unclosed', 'excludel2.yaml: not YAML'],
    ['announcedInterfacesToExclude: eth0', 'is not a list'],
    ['announcedInterfacesToExclude: [1]', 'announcedInterfacesToExclude: 1 is not text'],
    ['announcedInterfacesToExclude: ["("]', '( is not a regular expression'],
    ['[a, b]', 'is not a mapping'],
    ['text', 'is not a mapping']
  ])('%j is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(FlagError)
    expect(() => parse(text)).toThrow(message)
  })
})
