/**
 * What both binaries need: flags, logs, metrics over TLS, health, lifetimes, the configuration as it changes.
 *
 * @packageDocumentation
 */
export { registerAccessMetrics } from './access-metrics.ts'
export { type Binary, type BinarySettings, runBinary } from './binary.ts'
export { CertificateFiles, type KeyPair } from './certificate-files.ts'
export { type CertificateMaker, loadCertificateMaker } from './certificate-maker.ts'
export { COMMON_FLAGS } from './common-flags.ts'
export { type CommonMetrics, createCommonMetrics } from './common-metrics.ts'
export { ConfigSource, type ConfigSourceOptions, type ConfigState } from './config-source.ts'
export { ConfigurationReporter, type ConfigurationReporterOptions } from './configuration-reporter.ts'
export {
  type FlagDefinition,
  FlagError,
  type FlagTable,
  type FlagValues,
  parseFlags,
  refusePort
} from './flags.ts'
export { HealthServer } from './health-server.ts'
export { runServices, type Service } from './lifecycle.ts'
export { createLog, describeError } from './log.ts'
export {
  BFD_PROFILES,
  BGP_ADVERTISEMENTS,
  BGP_PEERS,
  BGP_SESSION_STATES,
  COMMUNITIES,
  CONFIGURATION_STATES,
  IP_ADDRESS_POOLS,
  L2_ADVERTISEMENTS,
  SERVICE_BGP_STATUSES,
  SERVICE_L2_STATUSES
} from './metallb-resources.ts'
export { MetricsServer } from './metrics-server.ts'
export { resolveNamespace } from './namespace.ts'
export { ownedBy } from './own-pod.ts'
export { createConfigSource, createMetricsServer, createReporter, type PartsContext, tlsOf } from './parts.ts'
export { pick } from './pick.ts'
export { type TlsOptions } from './tls-options.ts'
