import type { Logger } from 'pino'
import { formatAdmissionReview, parseAdmissionReview } from './admission-review.ts'
import type { ReviewedKind } from './candidate.ts'
import { convertReview } from './conversion-review.ts'
import type { ExistingObjects, ExistingObjectsReader } from './existing-objects.ts'
import { BadReviewError } from './json.ts'
import { type ReviewContext, review, unreadableBecause } from './review.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'
import type { ReviewHandler } from './webhook-server.ts'

export interface ReviewHandlersOptions {
  readonly reader: Pick<ExistingObjectsReader, 'read'>
  readonly context: ReviewContext
  readonly metrics: Pick<WebhookMetrics, 'reviews'>
  readonly log: Logger
}

/** MetalLB's. */
export const REVIEW_PATHS: Readonly<Record<ReviewedKind, string>> = {
  BGPPeer: '/validate-metallb-io-v1beta2-bgppeer',
  IPAddressPool: '/validate-metallb-io-v1beta1-ipaddresspool',
  BGPAdvertisement: '/validate-metallb-io-v1beta1-bgpadvertisement',
  L2Advertisement: '/validate-metallb-io-v1beta1-l2advertisement',
  Community: '/validate-metallb-io-v1beta1-community',
  BFDProfile: '/validate-metallb-io-v1beta1-bfdprofile'
}
export const CONVERSION_PATH = '/convert'

const KINDS: readonly ReviewedKind[] = [
  'BGPPeer',
  'IPAddressPool',
  'BGPAdvertisement',
  'L2Advertisement',
  'Community',
  'BFDProfile'
]

/** What answers the reviews, by path. */
export function createReviewHandlers(options: ReviewHandlersOptions): ReadonlyMap<string, ReviewHandler> {
  const { reviews } = options.metrics
  const handlers = new Map<string, ReviewHandler>()
  for (const kind of KINDS) handlers.set(REVIEW_PATHS[kind], createHandler(kind, options))
  handlers.set(CONVERSION_PATH, async (body) => {
    const answer = convertReview(body)
    reviews.inc({ kind: 'BGPPeer', verdict: 'converted' })
    return answer
  })
  return handlers
}

function createHandler(kind: ReviewedKind, options: ReviewHandlersOptions): ReviewHandler {
  const { reader, context, metrics, log } = options
  return async (body, signal) => {
    const request = parseAdmissionReview(body)
    const because = unreadableBecause(request, kind)
    if (because !== undefined) throw new BadReviewError(because)
    const isElsewhere = request.namespace !== context.namespace
    const existing = isElsewhere ? {} : await readOrCount(kind, options, () => reader.read(request, signal))
    const response = review(request, existing, context)
    const { allowed, warnings, status } = response
    const verdict = allowed ? (warnings === undefined ? 'allowed' : 'warned') : 'refused'
    metrics.reviews.inc({ kind, verdict })
    const { operation, namespace, name, username } = request
    const facts = { kind, namespace, name, operation, username }
    if (status !== undefined) log.info({ ...facts, reason: status.message }, 'object refused')
    else if (warnings !== undefined) log.debug({ ...facts, warnings }, 'object warned of')
    return formatAdmissionReview(response)
  }
}

async function readOrCount(
  kind: ReviewedKind,
  { metrics }: ReviewHandlersOptions,
  read: () => Promise<ExistingObjects>
): Promise<ExistingObjects> {
  try {
    return await read()
  } catch (error) {
    metrics.reviews.inc({ kind, verdict: 'failed' })
    throw error
  }
}
