import { apiVersionOf, hasStatus, type KubeClient, type ResourceRef } from '@clarion-lb/k8s-watch'

/**
 * Whether new objects of a custom kind may be created: not if its CustomResourceDefinition is gone, or is being deleted
 * and takes the objects along one by one.
 *
 * Discovery tells it to everybody; the definitions themselves may be read by few.
 *
 * @throws KubeApiError, KubeTransportError
 */
export async function isCreatable(
  client: Pick<KubeClient, 'getPath'>,
  resource: ResourceRef
): Promise<boolean> {
  try {
    const list = await client.getPath(`/apis/${apiVersionOf(resource)}`)
    return fieldOf(list, 'resources').some(
      (served) =>
        isRecord(served) && served['name'] === resource.plural && fieldOf(served, 'verbs').includes('create')
    )
  } catch (error) {
    if (hasStatus(error, 404)) return false
    throw error
  }
}

function fieldOf(value: unknown, name: string): readonly unknown[] {
  const field = isRecord(value) ? value[name] : undefined
  return Array.isArray(field) ? field : []
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
