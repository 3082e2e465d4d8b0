import type { ProblemList } from './problems.ts'
import type { ConfigMapView } from './resources.ts'

/** Notes that there is text for FRR. It is not shown: it may hold passwords. */
export function refuseBgpExtras(configMap: ConfigMapView | undefined, list: ProblemList): void {
  const text: unknown = configMap?.data?.['extras']
  if (configMap === undefined || typeof text !== 'string' || text.trim() === '') return
  list.about('ConfigMap', configMap).error({
    field: 'data.extras',
    message: 'is configuration for FRR, which does not run here: nothing of it has an effect',
    remedy: 'say it with BGPPeer and BGPAdvertisement, then remove the ConfigMap'
  })
}
