import type { V1Service } from '@clarion-lb/k8s-watch'
import { pick } from '@clarion-lb/runtime'

/**
 * Leaves out of a Service what nobody here reads. The metadata stay whole, since a write of the status replaces them;
 * what it says of the spec is ignored by the API server.
 */
export function trimService({ apiVersion, kind, metadata, spec, status }: V1Service): V1Service {
  const { managedFields: _managedFields, ...kept } = metadata ?? {}
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: kept,
    ...(spec === undefined ? {} : { spec: trimSpec(spec) }),
    ...(status === undefined ? {} : { status })
  }
}

function trimSpec(spec: NonNullable<V1Service['spec']>): NonNullable<V1Service['spec']> {
  const { ports } = spec
  return {
    ...pick(
      spec,
      'type',
      'clusterIP',
      'clusterIPs',
      'loadBalancerIP',
      'loadBalancerClass',
      'ipFamilies',
      'ipFamilyPolicy',
      'externalTrafficPolicy',
      'selector'
    ),
    ...(ports === undefined
      ? {}
      : {
          ports: ports.map(({ port, protocol }) => ({
            port,
            ...(protocol === undefined ? {} : { protocol })
          }))
        })
  }
}
