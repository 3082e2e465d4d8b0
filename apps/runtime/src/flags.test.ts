import { describe, expect, test, vi } from 'vitest'
import { FlagError, type FlagTable, parseFlags, refusePort } from './flags.ts'

const TABLE = {
  port: { kind: 'integer', default: '9120', description: 'a port', env: 'PORT', refuse: refusePort },
  count: { kind: 'integer', description: 'how many' },
  namespace: { kind: 'text', description: 'a name', env: 'NAMESPACE' },
  level: { kind: 'text', default: 'info', choices: ['info', 'warn'], description: 'a level' },
  'http-two': { kind: 'boolean', description: 'yes or no', env: 'HTTP_TWO' },
  safe: { kind: 'boolean', default: 'true', description: 'yes or no' }
} as const satisfies FlagTable

function parse(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {}
): ReturnType<typeof parseFlags<typeof TABLE>> {
  return parseFlags({ name: 'tool', description: 'a tool', argv, env }, TABLE)
}

function refusalOf(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): string {
  try {
    parse(argv, env)
  } catch (error) {
    if (error instanceof FlagError) return error.message
    throw error
  }
  return 'not refused'
}

describe('what is given', () => {
  test('without flags and environment every flag has its default', () => {
    expect(parse([])).toEqual({
      values: { port: 9120, count: 0, namespace: '', level: 'info', 'http-two': false, safe: true },
      given: new Set()
    })
  })

  test.each([
    [['-port', '1']],
    [['--port', '1']],
    [['-port=1']],
    [['--port=1']],
    [['--port=2', '-port', '1']]
  ])('%j sets the port to 1', (argv) => {
    const parsed = parse(argv)
    expect(parsed?.values.port).toBe(1)
    expect(parsed?.given).toEqual(new Set(['port']))
  })

  test.each([
    [['-http-two'], true],
    [['--http-two'], true],
    [['--http-two=true'], true],
    [['-http-two=T'], true],
    [['-http-two=1'], true],
    [['-http-two=false'], false],
    [['-http-two=0'], false],
    [['-http-two=F'], false]
  ])('%j is the boolean %s', (argv, wanted) => {
    expect(parse(argv)?.values['http-two']).toBe(wanted)
  })

  test('a boolean takes no value from the next argument', () => {
    expect(parse(['-http-two', '-port', '1'])?.values).toMatchObject({ 'http-two': true, port: 1 })
    expect(refusalOf(['-http-two', 'false'])).toContain('too many arguments')
  })

  test('a boolean that is on by default can be turned off', () => {
    expect(parse(['--safe=false'])?.values.safe).toBe(false)
  })

  test.each([
    [['-namespace', '-odd'], '-odd'],
    [['-namespace', '--http-two'], '--http-two'],
    [['-namespace=-odd'], '-odd'],
    [['-namespace=a=b'], 'a=b'],
    [['-namespace', ''], ''],
    [['-namespace='], ''],
    [['-namespace=two\nlines'], 'two\nlines']
  ])('%j gives the text %j as it is', (argv, wanted) => {
    const parsed = parse(argv)
    expect(parsed?.values.namespace).toBe(wanted)
    expect(parsed?.values['http-two']).toBe(false)
  })
})

describe('the environment', () => {
  test('counts when the flag is not given, and is given then', () => {
    const parsed = parse([], { PORT: '7', NAMESPACE: 'n', HTTP_TWO: 'true' })
    expect(parsed?.values).toMatchObject({ port: 7, namespace: 'n', 'http-two': true })
    expect(parsed?.given).toEqual(new Set(['port', 'namespace', 'http-two']))
  })

  test('is overruled by the flag, even if it makes no sense', () => {
    expect(parse(['-port=1'], { PORT: 'x' })?.values.port).toBe(1)
  })

  test('an empty variable is as good as none', () => {
    expect(parse([], { PORT: '' })).toMatchObject({ values: { port: 9120 }, given: new Set() })
  })

  test('is refused by flag and variable', () => {
    expect(refusalOf([], { PORT: '70000' })).toBe('--port (PORT): "70000" is not a port number')
  })
})

describe('what is refused', () => {
  test.each([
    [['-nope'], "unknown option '--nope'"],
    [['-nope=1'], "unknown option '--nope=1'"],
    [['--prot=1'], 'Did you mean --port?'],
    [['surplus'], 'too many arguments'],
    [['-port'], 'argument missing'],
    [['-port', '-1'], '--port (PORT): "-1" is not a port number'],
    [['-port='], '--port (PORT): "" is not a port number'],
    [['-count', '1.5'], '--count: "1.5" is not a whole number'],
    [['-count', ''], '--count: "" is not a whole number'],
    [['-level', 'loud'], '--level: "loud" is not one of info, warn'],
    [['-http-two=perhaps'], '--http-two (HTTP_TWO): "perhaps" is neither true nor false'],
    [['-http-two='], '--http-two (HTTP_TWO): "" is neither true nor false']
  ])('%j: %s', (argv, text) => {
    expect(refusalOf(argv)).toContain(text)
  })

  test('a default is never refused', () => {
    const table = { odd: { kind: 'text', default: 'x', description: '', refuse: () => 'never' } } as const
    const parsed = parseFlags({ name: 'tool', description: '', argv: [], env: {} }, table)
    expect(parsed?.values.odd).toBe('x')
  })
})

describe('help', () => {
  test.each(['--help', '-help', '-h'])('%s lists the flags with default and environment', (flag) => {
    let printed = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
    expect(parse([flag])).toBeUndefined()
    const words = printed.replaceAll(/\s+/g, ' ')
    expect(words).toContain('Usage: tool')
    expect(words).toContain('--port <integer> a port; default 9120; env PORT')
    expect(words).toContain('--namespace <text> a name; env NAMESPACE')
  })
})
