/** A structural OpenAPI v3 schema, as a CustomResourceDefinition holds it. */
export interface OpenApiSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly description?: string
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly items?: OpenApiSchema
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly additionalProperties?: OpenApiSchema
  readonly required?: readonly string[]
  readonly nullable?: boolean
  readonly 'x-kubernetes-list-type'?: 'map' | 'atomic' | 'set'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic'
  readonly 'x-kubernetes-validations'?: readonly CelRule[]
}

/** A rule in the Common Expression Language; one that names `oldSelf` holds for changes only. */
export interface CelRule {
  readonly rule: string
  readonly message: string
}

/** A schema that knows the TypeScript type of what it describes. `T` exists only while compiling. */
export interface Schema<T> {
  readonly openApi: OpenApiSchema
  readonly isRequired: boolean
  /** Never set: it only carries `T`. */
  readonly valueType?: T
}

export interface RequiredSchema<T> extends Schema<T> {
  readonly isRequired: true
}

type Properties = Readonly<Record<string, Schema<unknown>>>
type RequiredKeys<P extends Properties> = {
  [K in keyof P]: P[K] extends RequiredSchema<unknown> ? K : never
}[keyof P]
type Value<S> = S extends Schema<infer T> ? T : never

/** The type of the values that a schema describes. */
export type Infer<S extends Schema<unknown>> = Value<S>

export type ObjectOf<P extends Properties> = {
  readonly [K in RequiredKeys<P>]: Value<P[K]>
} & { readonly [K in Exclude<keyof P, RequiredKeys<P>>]?: Value<P[K]> }

type Extra = Omit<Partial<OpenApiSchema>, 'type' | 'description' | 'items' | 'properties' | 'required'>

function schema<T>(openApi: OpenApiSchema): Schema<T> {
  return { openApi, isRequired: false }
}

/** Marks a property that must be there. */
export function required<T>(inner: Schema<T>): RequiredSchema<T> {
  return { ...inner, isRequired: true }
}

export function text(description: string, extra: Extra = {}): Schema<string> {
  return schema({ type: 'string', description, ...extra })
}

export function choice<const T extends string>(description: string, ...values: readonly T[]): Schema<T> {
  return schema({ type: 'string', description, enum: values })
}

export function flag(description: string, extra: Extra = {}): Schema<boolean> {
  return schema({ type: 'boolean', description, ...extra })
}

/** An integer of up to 53 bits, as JSON numbers are read here. */
export function integer(
  description: string,
  format: 'int32' | 'int64' | undefined,
  extra: Extra = {}
): Schema<number> {
  return schema({ type: 'integer', description, ...(format === undefined ? {} : { format }), ...extra })
}

export function list<T>(
  description: string,
  items: Schema<T>,
  extra: Extra & { readonly minItems?: number } = {}
): Schema<readonly T[]> {
  return schema({ type: 'array', description, items: items.openApi, ...extra })
}

export function map<T>(description: string, values: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return schema({ type: 'object', description, additionalProperties: values.openApi })
}

export function object<const P extends Properties>(
  description: string,
  properties: P,
  extra: Extra = {}
): Schema<ObjectOf<P>> {
  const entries = Object.entries(properties)
  const names = entries.filter(([, { isRequired }]) => isRequired).map(([name]) => name)
  return schema({
    type: 'object',
    description,
    properties: Object.fromEntries(entries.map(([name, { openApi }]) => [name, openApi])),
    ...(names.length === 0 ? {} : { required: names }),
    ...extra
  })
}
