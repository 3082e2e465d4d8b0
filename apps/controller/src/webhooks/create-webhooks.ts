import type { LeaderElector } from '@clarion-lb/k8s-watch'
import { describeError, type PartsContext, tlsOf } from '@clarion-lb/runtime'
import type { Settings } from '../settings.ts'
import { CaInjector } from './ca-injector.ts'
import { CertificateDirectory } from './certificate-directory.ts'
import { CertificateKeeper } from './certificate-keeper.ts'
import type { CertificateSource } from './certificate-source.ts'
import { ExistingObjectsReader } from './existing-objects.ts'
import { createReviewHandlers } from './review-handlers.ts'
import { createWebhookMetrics } from './webhook-metrics.ts'
import { WebhookServer } from './webhook-server.ts'
import { Webhooks } from './webhooks.ts'

export interface WebhooksContext extends Omit<PartsContext, 'flags'>, Settings {
  readonly elector: Pick<LeaderElector, 'isLeader' | 'onChange'>
}

/** The webhooks with all their parts, not started. */
export function createWebhooks(context: WebhooksContext): Webhooks {
  const { client, flags, namespace, log } = context
  const metrics = createWebhookMetrics(context.metrics.registry)
  const handlers = createReviewHandlers({
    reader: new ExistingObjectsReader({ client, namespace }),
    context: { namespace, bgpType: flags['bgp-type'] },
    metrics,
    log
  })
  const server = new WebhookServer({
    port: flags['webhook-port'],
    tls: tlsOf(flags),
    handlers,
    onProblem: (path, error) => log.warn({ path, error: describeError(error) }, 'review failed')
  })
  const source = flags['disable-cert-rotation']
    ? new CertificateDirectory({ directory: flags['cert-dir'] })
    : createKeptSource(context)
  return new Webhooks({ isOptional: flags['webhook-mode'] === 'enabled', source, server, metrics, log })
}

/** Certificates that we make ourselves, and tell API servers to believe. */
function createKeptSource({ client, flags, namespace, log, elector }: WebhooksContext): CertificateSource {
  const mayWrite = (): boolean => elector.isLeader()
  const service = { name: flags['cert-service-name'], namespace }
  const told = new Map<string, string>()
  const injector = new CaInjector({
    client,
    service,
    mayWrite,
    onInjected: (object, times) => {
      if (times === 0) log.info({ object }, 'webhook authority injected')
      else log.warn({ object, times }, 'webhook authority put back: somebody else replaces it')
    },
    onProblem: (object, error) => {
      const text = describeError(error)
      if (told.get(object) !== text) log.warn({ object, error: text }, 'webhook authority not injected')
      told.set(object, text)
    }
  })
  const keeper = new CertificateKeeper({
    client,
    secret: { namespace, name: flags['webhook-secret'] },
    host: `${service.name}.${namespace}.svc`,
    mayWrite,
    onAuthority: (caBundle) => injector.use(caBundle),
    onStored: ({ authority, server }) => log.info({ authority, server }, 'webhook certificates stored')
  })
  let unfollow = (): void => undefined
  return {
    start: (listener) => {
      unfollow = elector.onChange(({ type }) => {
        if (type !== 'started') return
        keeper.look()
        injector.look()
      })
      injector.start()
      keeper.start(listener)
    },
    stop: async () => {
      unfollow()
      await keeper.stop()
      await injector.stop()
    }
  }
}
