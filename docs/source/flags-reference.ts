import { CONTROLLER_FLAGS, WITHOUT_EFFECT as OF_CONTROLLER } from '../../apps/controller/src/flags.ts'
import { COMMON_FLAGS, type FlagDefinition, type FlagTable } from '../../apps/runtime/src/index.ts'
import { WITHOUT_EFFECT as OF_SPEAKER, SPEAKER_FLAGS } from '../../apps/speaker/src/flags.ts'
import { code, GENERATED, plain, table } from './markdown.ts'

const INTRODUCTION = `# Flags and environment

Flags have Go's forms: \`--name=value\`, \`-name=value\`, \`--name value\`; a boolean alone means true. A flag wins over its
environment variable. What makes no sense ends the process with status 2 and a line that says why; \`--help\` lists the
flags of a binary. Names and defaults are those of MetalLB.

With the manifests flags are \`args\` of the containers \`controller\` and \`speaker\`, and variables are their \`env\`; with the
chart most of them follow from values (\`deploy/charts/clarion/values.yaml\`), and the others are given with \`extraArgs\`
and \`extraEnv\` of \`controller\` and \`speaker\`.`

const OTHERS = `## Environment without a flag

| Variable | Used by | Meaning |
| --- | --- | --- |
| \`KUBECONFIG\` | both | kubeconfig files, separated by colons, where \`--kubeconfig\` is not given |
| \`KUBERNETES_SERVICE_HOST\`, \`KUBERNETES_SERVICE_PORT\` | both | the API server, in a pod; set by Kubernetes |
| \`HOME\` | both | where \`.kube/config\` is looked for last |
| \`CLARION_LINK\` | speaker | what frames go through: \`packet\` (default; AF_PACKET sockets) or \`cap\` (libpcap, in a process of its own); tests and the demo have others |

## Ports

| Port | Of | What |
| --- | --- | --- |
| 9120 | both | \`/metrics\` over HTTPS: \`--port\` |
| 17472 | both | \`/healthz\` and \`/readyz\`: \`--health-probe-port\` |
| 9443 | controller | webhooks over HTTPS: \`--webhook-port\` |
| 7475, UDP | speaker | probes of other speakers: \`--liveness-port\` |`

/** The text of `docs/reference/flags.md`. */
export function flagsReference(): string {
  return [
    GENERATED,
    INTRODUCTION,
    section('Both', COMMON_FLAGS, []),
    section('Controller', without(CONTROLLER_FLAGS, COMMON_FLAGS), OF_CONTROLLER),
    section('Speaker', without(SPEAKER_FLAGS, COMMON_FLAGS), OF_SPEAKER),
    OTHERS,
    ''
  ].join('\n\n')
}

function section(title: string, flags: FlagTable, withoutEffect: readonly string[]): string {
  const rows = Object.entries(flags).map(([name, definition]) => [
    code(`--${name}`),
    code(definition.env ?? ''),
    definition.kind,
    defaultOf(definition),
    `${plain(definition.description)}${withoutEffect.includes(name) ? ' (the log says so when it is given)' : ''}`
  ])
  return [`## ${title}`, table(['Flag', 'Variable', 'Type', 'Default', 'Meaning'], rows)].join('\n\n')
}

function defaultOf({ kind, default: preset = '' }: FlagDefinition): string {
  if (preset !== '') return code(preset)
  return kind === 'boolean' ? code('false') : ''
}

function without(flags: FlagTable, others: FlagTable): FlagTable {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !Object.hasOwn(others, name)))
}
