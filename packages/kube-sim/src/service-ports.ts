import { type FieldProblem } from './api-error.ts'
import { type Json, type JsonObject, stringAt } from './json.ts'
import { duplicate, forbidden, invalid, required, unsupported } from './service-problems.ts'
import { nodePortOf, portsOf, type ServiceSpec, typeOf } from './service-spec.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const PORT_RANGE = 'must be between 1 and 65535, inclusive'
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
/** Answered on every node by the kubelet. */
const KUBELET_PORT = 10_250

/** What is wrong with the ports of a Service. */
export function portProblems(spec: ServiceSpec): readonly FieldProblem[] {
  const ports = portsOf(spec)
  const type = typeOf(spec)
  const problems = ports.flatMap((port, index) => {
    const path = `spec.ports[${index}]`
    const own = onePortProblems(port, path, ports.length > 1)
    if (type === 'LoadBalancer' && port['port'] === KUBELET_PORT) {
      return [
        ...own,
        invalid(
          path,
          KUBELET_PORT,
          `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`
        )
      ]
    }
    const hasNoNodePort = type === 'ClusterIP' || type === 'ExternalName'
    if (hasNoNodePort && nodePortOf(port) !== 0)
      return [...own, forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${type}'`)]
    return own
  })
  return [...problems, ...duplicateProblems(ports)]
}

function onePortProblems(port: JsonObject, path: string, needsName: boolean): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  const name = stringAt(port, 'name') ?? ''
  if (name === '') {
    if (needsName) problems.push(required(`${path}.name`))
  } else if (name.length > 63 || !LABEL.test(name)) problems.push(invalid(`${path}.name`, name, LABEL_RULE))
  if (!isPort(port['port'])) problems.push(invalid(`${path}.port`, port['port'] ?? 0, PORT_RANGE))
  const protocol = stringAt(port, 'protocol') ?? ''
  if (!PROTOCOLS.includes(protocol)) problems.push(unsupported(`${path}.protocol`, protocol, PROTOCOLS))
  const target = port['targetPort']
  if (typeof target === 'string') problems.push(...portNameProblems(target, `${path}.targetPort`))
  else if (isPort(port['port']) && !isPort(target))
    problems.push(invalid(`${path}.targetPort`, target, PORT_RANGE))
  return problems
}

/** RFC 6335 §5.1, as Kubernetes reads it. */
function portNameProblems(name: string, path: string): readonly FieldProblem[] {
  if (name.length > 15) return [invalid(path, name, 'must be no more than 15 characters')]
  if (!/^[-a-z0-9]+$/.test(name))
    return [invalid(path, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')]
  if (!/[a-z]/.test(name)) return [invalid(path, name, 'must contain at least one letter (a-z)')]
  if (name.includes('--')) return [invalid(path, name, 'must not contain consecutive hyphens')]
  return name.startsWith('-') || name.endsWith('-')
    ? [invalid(path, name, 'must not begin or end with a hyphen')]
    : []
}

function duplicateProblems(ports: readonly JsonObject[]): readonly FieldProblem[] {
  const names = new Set<string>()
  const numbers = new Set<string>()
  const nodePorts = new Set<string>()
  const problems: FieldProblem[] = []
  const note = (seen: Set<string>, key: string, problem: FieldProblem): void => {
    if (seen.has(key)) problems.push(problem)
    seen.add(key)
  }
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`
    const name = stringAt(port, 'name') ?? ''
    const protocol = stringAt(port, 'protocol') ?? ''
    const nodePort = nodePortOf(port)
    if (name !== '') note(names, name, duplicate(`${path}.name`, JSON.stringify(name)))
    note(
      numbers,
      `${protocol}/${JSON.stringify(port['port'])}`,
      duplicate(path, formatPort(protocol, Number(port['port']), 0))
    )
    if (nodePort !== 0)
      note(
        nodePorts,
        `${protocol}/${nodePort}`,
        duplicate(`${path}.nodePort`, formatPort(protocol, 0, nodePort))
      )
  }
  return problems
}

/** The API server shows the Go value that it compared. */
function formatPort(protocol: string, port: number, nodePort: number): string {
  return `core.ServicePort{Name:"", Protocol:"${protocol}", AppProtocol:(*string)(nil), Port:${port}, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:${nodePort}}`
}

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
}
