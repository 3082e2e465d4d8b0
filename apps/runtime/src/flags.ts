import { Command, CommanderError, Option } from 'commander'

/** One flag, as Go's `flag` package has them: `-name value`, `--name=value`; a boolean alone means true. */
export interface FlagDefinition {
  readonly kind: 'text' | 'integer' | 'boolean'
  readonly description: string
  readonly default?: string
  /** Environment variable that is used when the flag is not given. */
  readonly env?: string
  /** Texts that are allowed. */
  readonly choices?: readonly string[]
  /** Tells why a value cannot be used; for an integer, text is what was given. */
  readonly refuse?: (value: string) => string | undefined
}

export type FlagTable = Readonly<Record<string, FlagDefinition>>

export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name]['kind'] extends 'integer'
    ? number
    : Table[Name]['kind'] extends 'boolean'
      ? boolean
      : string
}

/** A flag that makes no sense: the process ends with status 2 and this text. */
export class FlagError extends Error {
  override readonly name = 'FlagError'
  readonly code = 'ERR_RUNTIME_FLAG'
}

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>
  /** Names that were given, by flag or by environment. */
  readonly given: ReadonlySet<string>
}

export interface Invocation {
  readonly name: string
  readonly description: string
  /** Without the interpreter and the script. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Reads flags and environment. `undefined`: help was asked for and printed.
 *
 * @throws {@link FlagError}
 */
export function parseFlags<Table extends FlagTable>(
  invocation: Invocation,
  table: Table
): ParsedFlags<Table> | undefined {
  const given = new Map<string, string>()
  for (const [name, { env }] of Object.entries(table)) {
    const value = env === undefined ? undefined : invocation.env[env]
    if (value !== undefined && value !== '') given.set(name, value)
  }
  const command = commandOf(invocation, table, given)
  try {
    command.parse(normalize(invocation.argv, table), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') return undefined
    throw new FlagError(error.message.replace(/^error: /, ''))
  }
  const values = Object.fromEntries(
    Object.entries(table).map(([name, definition]) => [name, valueOf(name, definition, given.get(name))])
  )
  if (!hasAll(values, table)) throw new FlagError('unreachable')
  return { values, given: new Set(given.keys()) }
}

function commandOf(invocation: Invocation, table: FlagTable, given: Map<string, string>): Command {
  const command = new Command(invocation.name)
    .description(invocation.description)
    .helpOption('--help', 'show this text')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  for (const [name, definition] of Object.entries(table)) {
    const { kind, description, env } = definition
    const text = [
      description,
      ...(definition.default === undefined || definition.default === ''
        ? []
        : [`default ${definition.default}`]),
      ...(env === undefined ? [] : [`env ${env}`])
    ].join('; ')
    command.addOption(new Option(`--${name} <${kind}>`, text))
    command.on(`option:${name}`, (value: string) => given.set(name, value))
  }
  return command
}

/**
 * Go's forms to one, `--name=value`: a single dash is as good as two, a boolean needs no value, and what follows any
 * other flag is its value, whatever it looks like.
 */
function normalize(argv: readonly string[], table: FlagTable): readonly string[] {
  const normal: string[] = []
  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i] ?? ''
    const [isFlag, name = '', value] = /^--?([a-z][a-z0-9-]*)(=.*)?$/s.exec(argument) ?? []
    const kind = Object.hasOwn(table, name) ? table[name]?.kind : undefined
    if (isFlag === undefined) normal.push(argument)
    else if (name === 'h') normal.push('--help')
    else if (value !== undefined || kind === undefined) normal.push(`--${name}${value ?? ''}`)
    else if (kind === 'boolean') normal.push(`--${name}=true`)
    else {
      i += 1
      const next = argv[i]
      normal.push(next === undefined ? `--${name}` : `--${name}=${next}`)
    }
  }
  return normal
}

function valueOf(
  name: string,
  definition: FlagDefinition,
  given: string | undefined
): string | number | boolean {
  const { kind, choices, refuse } = definition
  const text = given ?? definition.default ?? (kind === 'boolean' ? 'false' : kind === 'integer' ? '0' : '')
  const where = `--${name}${definition.env === undefined ? '' : ` (${definition.env})`}`
  if (choices !== undefined && !choices.includes(text)) {
    throw new FlagError(`${where}: ${JSON.stringify(text)} is not one of ${choices.join(', ')}`)
  }
  const refusal = given === undefined ? undefined : refuse?.(text)
  if (refusal !== undefined) throw new FlagError(`${where}: ${refusal}`)
  if (kind === 'text') return text
  if (kind === 'integer') {
    if (!/^-?\d+$/.test(text)) throw new FlagError(`${where}: ${JSON.stringify(text)} is not a whole number`)
    return Number(text)
  }
  // What Go's strconv.ParseBool takes.
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false
  throw new FlagError(`${where}: ${JSON.stringify(text)} is neither true nor false`)
}

function hasAll<Table extends FlagTable>(
  values: Record<string, unknown>,
  table: Table
): values is FlagValues<Table> {
  return Object.keys(table).every((name) => name in values)
}

/** For {@link FlagDefinition.refuse}: a port number, 0 included. */
export function refusePort(value: string): string | undefined {
  return /^\d+$/.test(value) && Number(value) <= 65_535
    ? undefined
    : `${JSON.stringify(value)} is not a port number`
}
