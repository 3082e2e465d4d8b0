import type { BFDProfile } from '@clarion-lb/crds'
import type { BfdProfile } from './model.ts'
import type { ProblemList } from './problems.ts'

export function parseBfdProfiles(profiles: readonly BFDProfile[], list: ProblemList): BfdProfile[] {
  return profiles.flatMap((resource) => {
    const findings = list.about('BFDProfile', resource)
    findings.checkSchema('BFDProfile')
    if (findings.hasErrors) return []
    const {
      receiveInterval,
      transmitInterval,
      detectMultiplier,
      echoInterval,
      echoMode = false,
      passiveMode = false,
      minimumTtl
    } = resource.spec ?? {}
    // The echo function (RFC 5880 §6.4) needs the forwarding plane to send a peer's packets back to it.
    if (echoMode) {
      findings.error({
        field: 'spec.echoMode',
        value: true,
        message: 'there is no echo function here',
        remedy: 'remove it; receiveInterval and transmitInterval go down to 10 ms',
        acceptedBy: 'metallb'
      })
      return []
    }
    return {
      name: findings.name,
      receiveIntervalMs: receiveInterval,
      transmitIntervalMs: transmitInterval,
      detectMultiplier,
      echoIntervalMs: echoInterval,
      echoMode,
      passiveMode,
      minimumTtl
    }
  })
}
