const POOL_ADVICE =
  'add addresses to the pool, or another pool; Services that wait get them at once. [Who has them](../troubleshooting.md#a-pool-is-full)'
const SESSION_ADVICE =
  'see [a BGP session does not come up](../troubleshooting.md#a-bgp-session-does-not-come-up)'

/** Markdown, by the name of the alert. */
const ADVICE: Readonly<Record<string, string>> = {
  MetalLBStaleConfig:
    '`kubectl -n metallb-system get configurationstates` names the object, the field and the remedy; see [an object is not used](../troubleshooting.md#an-object-is-not-used)',
  MetalLBConfigNotLoaded:
    'look at the log of the pod: the definitions are missing, or the API server or a right is; see [a pod is not ready](../troubleshooting.md#a-pod-is-not-ready)',
  MetalLBAddressPoolExhausted: POOL_ADVICE,
  MetalLBAddressPoolUsage75Percent: POOL_ADVICE,
  MetalLBAddressPoolUsage85Percent: POOL_ADVICE,
  MetalLBAddressPoolUsage95Percent: POOL_ADVICE,
  MetalLBBGPSessionDown: SESSION_ADVICE,
  ClarionNotScraped:
    'look at the pod and its node; if they are well, at rights and network policies of the scraper',
  ClarionAddressAnnouncedTwice:
    'see [two nodes answer for one address](../troubleshooting.md#two-nodes-answer-for-one-address)',
  ClarionBFDSessionDown: SESSION_ADVICE,
  ClarionBGPUpdatesPending: 'look at the router: it does not read from its connection',
  ClarionWritesFail:
    'look at the log of the controller: a right is missing, or the API server refuses or is away',
  ClarionRightMissing:
    'apply the manifest again, or mend the ClusterRole or Role: the alert names resource and verb',
  ClarionWebhookCertificateEnds:
    'see [webhooks do not answer](../troubleshooting.md#webhooks-do-not-answer-or-are-not-trusted)',
  ClarionReviewsFail:
    'look for `review failed` in the log of the controller: it says what the API server answered',
  ClarionEventLoopBusy: 'give the pod more processor time: raise its limit, or remove it'
}

/** What to do about an alert. @throws Error if nobody has said */
export function adviceOf(alert: string): string {
  const advice = ADVICE[alert]
  if (advice === undefined) throw new Error(`docs/source/alert-advice.ts says nothing about ${alert}`)
  return advice
}
