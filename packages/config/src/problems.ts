import { inspect } from 'node:util'
import { type KindName, type ObjectMeta, validate } from '@clarion-lb/crds'
import type { Problem } from './model.ts'

/** What is needed of an object to name it in a problem. */
export interface Named {
  readonly metadata?: ObjectMeta
}

export interface Finding {
  readonly field: string
  readonly value?: unknown
  readonly message: string
  readonly remedy: string
  readonly acceptedBy?: Problem['acceptedBy']
}

const MAX_VALUE_CHARACTERS = 80
const MAX_PROBLEMS = 1000

/** Collects what is wrong with the configuration, up to a bound that no person reads to the end. */
export class ProblemList {
  readonly #problems: Problem[] = []

  get problems(): readonly Problem[] {
    return this.#problems
  }

  /** What speaks against one object. */
  about(kind: string, object: Named): Findings {
    return new Findings(kind, object, (problem) => {
      if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem)
    })
  }
}

/** What is wrong with one object. With an error in it, the object cannot be used. */
export class Findings {
  readonly kind: string
  readonly name: string
  readonly #object: Named
  readonly #report: (problem: Problem) => void
  #hasErrors = false

  constructor(kind: string, object: Named, report: (problem: Problem) => void) {
    this.kind = kind
    this.name = textOf(object.metadata?.name) ?? ''
    this.#object = object
    this.#report = report
  }

  get hasErrors(): boolean {
    return this.#hasErrors
  }

  error(finding: Finding): void {
    this.#hasErrors = true
    this.#add('error', finding)
  }

  warning(finding: Finding): void {
    this.#add('warning', finding)
  }

  /** Holds the object against the schema of its kind; what no schema knows is only a warning, as servers prune it. */
  checkSchema(kindName: KindName): void {
    for (const { field, value, message } of validate(kindName, this.#object)) {
      const isUnknown = message === 'is not a field of this kind'
      const finding = {
        field,
        value,
        message,
        remedy: isUnknown
          ? 'check the spelling, or remove it'
          : `see \`kubectl explain ${kindName.toLowerCase()}.${field.replaceAll(/\[\d+\]/g, '')}\``
      }
      if (isUnknown) this.warning(finding)
      else this.error(finding)
    }
  }

  #add(severity: Problem['severity'], { field, value, message, remedy, acceptedBy }: Finding): void {
    this.#report({
      severity,
      kind: this.kind,
      namespace: textOf(this.#object.metadata?.namespace),
      name: this.name,
      field,
      value: value === undefined ? undefined : formatValue(value),
      message,
      remedy,
      ...(acceptedBy === undefined ? {} : { acceptedBy })
    })
  }
}

/** One line for a log, an event or a status. */
export function formatProblem({ kind, namespace, name, field, value, message, remedy }: Problem): string {
  const object = namespace === undefined ? name : `${namespace}/${name}`
  return `${kind} ${object}: ${field}${value === undefined ? '' : ` ${value}`}: ${message}; ${remedy}`
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Infinity })
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…` : text
}
