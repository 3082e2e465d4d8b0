import type { V1CustomResourceDefinition, V1ValidatingWebhookConfiguration } from '@clarion-lb/k8s-watch'

/** The Service that API servers call, and what they are to believe of it. */
export interface InjectedBundle {
  readonly service: { readonly name: string; readonly namespace: string }
  /** PEM in base64. */
  readonly caBundle: string
}

interface ClientConfig {
  readonly caBundle?: string
  readonly service?: { readonly name: string; readonly namespace: string }
}

/**
 * What to apply for all our webhooks to have the bundle; `undefined`: they have it. Whatever a field manager does not
 * apply again is taken from it, so all of them are in there or none.
 */
export function webhooksPatch(
  { webhooks = [] }: V1ValidatingWebhookConfiguration,
  bundle: InjectedBundle
): object | undefined {
  const ours = webhooks.filter(({ clientConfig }) => isOurs(clientConfig, bundle))
  if (ours.every(({ clientConfig }) => clientConfig.caBundle === bundle.caBundle)) return undefined
  const { caBundle } = bundle
  return { webhooks: ours.map(({ name }) => ({ name, clientConfig: { caBundle } })) }
}

/** The same for the conversion between versions. */
export function conversionPatch(
  { spec }: V1CustomResourceDefinition,
  bundle: InjectedBundle
): object | undefined {
  const { strategy, webhook } = spec.conversion ?? {}
  const clientConfig = webhook?.clientConfig
  if (strategy !== 'Webhook' || clientConfig === undefined || !isOurs(clientConfig, bundle)) return undefined
  const { caBundle } = bundle
  return clientConfig.caBundle === caBundle
    ? undefined
    : { spec: { conversion: { webhook: { clientConfig: { caBundle } } } } }
}

function isOurs({ service }: ClientConfig, bundle: InjectedBundle): boolean {
  return service?.name === bundle.service.name && service.namespace === bundle.service.namespace
}
