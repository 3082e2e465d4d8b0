import { Counter, Gauge, type Registry } from 'prom-client'

export interface WebhookMetrics {
  /** By kind, and by verdict: allowed, warned, refused, failed, converted. */
  readonly reviews: Counter<'kind' | 'verdict'>
  readonly certificateEnd: Gauge
}

export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry]
  return {
    reviews: new Counter({
      name: 'clarion_webhook_reviews_total',
      help: 'Objects that were reviewed at admission, and conversions',
      labelNames: ['kind', 'verdict'],
      registers
    }),
    certificateEnd: new Gauge({
      name: 'clarion_webhook_certificate_expiry_seconds',
      help: 'When the serving certificate of the webhooks ends, seconds since 1970; 0: there is none',
      registers
    })
  }
}
