import { KINDS, type Kind, type KindVersion } from './kind.ts'
import type { OpenApiSchema } from './schema.ts'

/** An `apiextensions.k8s.io/v1` CustomResourceDefinition. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1'
  readonly kind: 'CustomResourceDefinition'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly names: {
      readonly kind: string
      readonly listKind: string
      readonly plural: string
      readonly singular: string
    }
    readonly scope: 'Namespaced'
    readonly versions: readonly CustomResourceDefinitionVersion[]
    readonly conversion?: Conversion
  }
}

export interface CustomResourceDefinitionVersion {
  readonly name: string
  readonly served: boolean
  readonly storage: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly schema: { readonly openAPIV3Schema: OpenApiSchema }
  readonly subresources: { readonly status: Record<string, never> }
  readonly additionalPrinterColumns?: KindVersion['columns']
}

export interface Conversion {
  readonly strategy: 'None' | 'Webhook'
  readonly webhook?: {
    readonly clientConfig: {
      readonly service: { readonly name: string; readonly namespace: string; readonly path: string }
    }
    readonly conversionReviewVersions: readonly string[]
  }
}

export interface ManifestOptions {
  /** Who converts between the versions of BGPPeer. Without it the server copies fields as they are. */
  readonly conversionWebhook?: { readonly serviceName: string; readonly namespace: string }
}

/** The CustomResourceDefinitions of all kinds, in order of name. */
export function buildCrdManifests(options: ManifestOptions = {}): CustomResourceDefinition[] {
  return Object.values(KINDS)
    .map((kind) => buildManifest(kind, options))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

function buildManifest(kind: Kind, { conversionWebhook }: ManifestOptions): CustomResourceDefinition {
  const { group, kind: name, listKind, plural, singular, description, versions } = kind
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind: name, listKind, plural, singular },
      scope: 'Namespaced',
      versions: versions.map((version) => buildVersion(version, description)),
      ...(versions.length > 1 && conversionWebhook !== undefined
        ? {
            conversion: {
              strategy: 'Webhook',
              webhook: {
                clientConfig: {
                  service: {
                    name: conversionWebhook.serviceName,
                    namespace: conversionWebhook.namespace,
                    path: '/convert'
                  }
                },
                conversionReviewVersions: versions.map((version) => version.name)
              }
            } as const
          }
        : {})
    }
  }
}

function buildVersion(version: KindVersion, description: string): CustomResourceDefinitionVersion {
  const { name, isStored, deprecationWarning, columns } = version
  return {
    name,
    served: true,
    storage: isStored,
    ...(deprecationWarning === undefined ? {} : { deprecated: true, deprecationWarning }),
    schema: { openAPIV3Schema: schemaOf(version, description) },
    subresources: { status: {} },
    ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns })
  }
}

/** The schema of a whole object of this version. */
export function schemaOf(version: KindVersion, description: string): OpenApiSchema {
  return {
    type: 'object',
    description,
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: { type: 'object' },
      ...(version.hasSpec ? { spec: version.spec } : {}),
      status: version.status
    },
    ...(version.isSpecRequired ? { required: ['spec'] } : {})
  }
}
