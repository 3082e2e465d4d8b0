import {
  KINDS,
  type Kind,
  type KindName,
  type KindVersion,
  type OpenApiSchema
} from '../../packages/crds/src/index.ts'
import { RULES, type Rule } from './configuration-rules.ts'
import { code, GENERATED, plain, table } from './markdown.ts'

const INTRODUCTION = `# Configuration reference

Every kind, field by field, from the source of the CustomResourceDefinitions (\`packages/crds\`). \`kubectl explain\` says
the same about a running cluster. All objects belong into the namespace of Clarion, \`metallb-system\`; those elsewhere
are not read. A field in **bold** has to be there.

What a schema cannot say is checked by the webhooks, and again when the configuration is read: it follows the table of
each kind. _Refused_ means that the webhook refuses the object, and that one which is there all the same is left out,
while the others are used. _Left out_ means that the webhook lets it pass with a warning, as MetalLB accepts it, and that
it is left out while that is so. _Warned of_ means that it is used, and that kubectl shows a warning. Problems of objects
that are there are in the log and in the ConfigurationState of each component:

\`\`\`
kubectl -n metallb-system get configurationstates
\`\`\``

/** Kinds that are written for us, and then those that we write. */
const CONFIGURED: readonly KindName[] = [
  'IPAddressPool',
  'L2Advertisement',
  'BGPAdvertisement',
  'BGPPeer',
  'BFDProfile',
  'Community'
]

/** The text of `docs/reference/configuration.md`. */
export function configurationReference(): string {
  const reported = Object.values(KINDS).filter((kind) => !CONFIGURED.some((name) => name === kind.kind))
  return [
    GENERATED,
    INTRODUCTION,
    ...CONFIGURED.map((name) => describeKind(KINDS[name], RULES[name] ?? [])),
    describeSelectors(),
    '# Reports',
    'What controller and speakers say about themselves. Nobody else writes these objects.',
    ...reported.map((kind) => describeKind(kind, [])),
    ''
  ].join('\n\n')
}

function describeKind(kind: Kind, rules: readonly Rule[]): string {
  const { description, versions } = kind
  const stored = versions.filter(({ isStored }) => isStored)
  const others = versions.filter(({ isStored }) => !isStored)
  return [
    `## ${kind.kind}`,
    plain(description),
    ...stored.map((version) => describeVersion(kind, version)),
    ...(rules.length === 0 ? [] : [describeRules(rules)]),
    ...others.map((version) =>
      [`### ${kind.kind} ${version.name}`, describeVersion(kind, version)].join('\n\n')
    )
  ].join('\n\n')
}

function describeVersion(kind: Kind, version: KindVersion): string {
  const { name, isStored, deprecationWarning, spec, isSpecRequired, status, columns } = version
  const rows = [
    ...fieldsOf('spec', spec, isSpecRequired),
    ...(spec.properties === undefined || Object.keys(spec.properties).length === 0
      ? []
      : rulesOf('spec', spec)),
    ...(Object.keys(status.properties ?? {}).length === 0 ? [] : fieldsOf('status', status, false))
  ]
  const facts = [
    `\`${kind.group}/${name}\`, ${isStored ? 'stored' : 'served, and converted to the stored version'}`,
    `\`${kind.plural}\``,
    ...(columns.length === 0
      ? []
      : [`columns of \`kubectl get\`: ${columns.map((column) => describeColumn(column)).join(', ')}`])
  ]
  return [
    `${facts.join('; ')}.`,
    ...(deprecationWarning === undefined ? [] : [`Deprecated: clients are told “${deprecationWarning}”.`]),
    table(['Field', 'Type', 'Default', 'Must be', 'Meaning'], rows)
  ].join('\n\n')
}

function describeColumn({ name, priority = 0 }: KindVersion['columns'][number]): string {
  return priority > 0 ? `${name} (\`-o wide\`)` : name
}

type Row = readonly string[]

function fieldsOf(path: string, schema: OpenApiSchema, isRequired: boolean): readonly Row[] {
  const { properties = {}, required = [] } = schema
  const own = Object.entries(properties).flatMap(([name, inner]) =>
    fieldRows(`${path}.${name}`, inner, required.includes(name))
  )
  return isRequired && own.length > 0 ? [rowOf(path, schema, true), ...own] : own
}

function fieldRows(path: string, schema: OpenApiSchema, isRequired: boolean): readonly Row[] {
  const row = rowOf(path, schema, isRequired)
  const items = schema.items
  if (isSelector(schema) || (items !== undefined && isSelector(items))) return [row]
  if (items?.properties !== undefined) return [row, ...fieldsOf(`${path}[]`, items, false)]
  return schema.properties === undefined ? [row] : [row, ...fieldsOf(path, schema, false)]
}

function rowOf(path: string, schema: OpenApiSchema, isRequired: boolean): Row {
  const { description = '', default: preset } = schema
  return [
    isRequired ? `**\`${path}\`**` : code(path),
    typeOf(schema),
    preset === undefined ? '' : code(JSON.stringify(preset)),
    limitsOf(schema),
    plain(description)
  ]
}

/** The rules of a whole spec, that no field has. */
function rulesOf(path: string, schema: OpenApiSchema): readonly Row[] {
  const rules = schema['x-kubernetes-validations'] ?? []
  return rules.map(({ message }) => [code(path), '', '', plain(message), 'A rule of the schema.'])
}

function typeOf(schema: OpenApiSchema): string {
  if (isSelector(schema)) return '[selector](#label-selectors)'
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  if (schema.additionalProperties !== undefined) return `map to ${typeOf(schema.additionalProperties)}`
  return schema.format === undefined ? schema.type : `${schema.type} (${schema.format})`
}

function limitsOf(schema: OpenApiSchema): string {
  const { minimum, maximum, minLength, minItems, pattern } = schema
  const range =
    minimum !== undefined && maximum !== undefined
      ? [`${minimum} to ${maximum}`]
      : [
          ...(minimum === undefined ? [] : [`at least ${minimum}`]),
          ...(maximum === undefined ? [] : [`at most ${maximum}`])
        ]
  return [
    ...(schema.enum === undefined ? [] : [schema.enum.map(code).join(', ')]),
    ...range,
    ...(minLength === undefined ? [] : [`at least ${minLength} characters`]),
    ...(minItems === undefined ? [] : [`at least ${minItems} entries`]),
    ...(pattern === undefined ? [] : [code(pattern)]),
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => plain(message))
  ].join('; ')
}

function isSelector({ properties = {} }: OpenApiSchema): boolean {
  return 'matchLabels' in properties && 'matchExpressions' in properties
}

function describeRules(rules: readonly Rule[]): string {
  const lines = rules.map(({ says, outcome }) => `- ${OUTCOMES[outcome]}: ${says}.`)
  return ['Beyond the schema:', lines.join('\n')].join('\n\n')
}

const OUTCOMES: Readonly<Record<Rule['outcome'], string>> = {
  refused: '_Refused_',
  leftOut: '_Left out_',
  leftOutOrRefused: '_Left out_ (refused with `METALLB_BGP_TYPE` `frr` or `frr-k8s`)',
  warned: '_Warned of_'
}

function describeSelectors(): string {
  const selector = KINDS.L2Advertisement.versions[0]?.spec.properties?.['nodeSelectors']?.items
  return [
    '## Label selectors',
    'Selectors of all kinds are those of Kubernetes. In a list of selectors one that matches is enough.',
    table(
      ['Field', 'Type', 'Default', 'Must be', 'Meaning'],
      selector === undefined
        ? []
        : fieldsOf('', selector, false).map(([path = '', ...rest]) => [path.replace('`.', '`'), ...rest])
    )
  ].join('\n\n')
}
