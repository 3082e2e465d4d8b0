import { parseDurationMs } from './duration.ts'
import type { Peer } from './model.ts'
import type { PeerSpec } from './peer-checks.ts'
import type { Findings } from './problems.ts'

type Timers = Pick<Peer, 'holdTimeMs' | 'keepaliveTimeMs' | 'connectTimeMs'>
const MIN_HOLD_TIME_MS = 3000
const MAX_HOLD_TIME_MS = 65_535_000

/** Of the two timers the one that is absent follows from the other (RFC 4271 §10: a third). */
export function parseTimers(spec: PeerSpec, findings: Findings): Timers {
  const [holdMs, keepaliveTimeMs, connectTimeMs] = (
    ['holdTime', 'keepaliveTime', 'connectTime'] as const
  ).map((name) => {
    const text = spec[name]
    const ms = text === undefined ? undefined : parseDurationMs(text)
    if (text !== undefined && ms === undefined)
      findings.error({
        field: `spec.${name}`,
        value: text,
        message: 'is not a duration',
        remedy: 'write it as 90s'
      })
    return ms
  })
  const holdTimeMs = holdMs === undefined ? undefined : nearestHoldTime(holdMs, spec.holdTime, findings)
  const hold =
    holdTimeMs ?? (keepaliveTimeMs === undefined ? undefined : holdTimeFor(keepaliveTimeMs, findings))
  const keepalive = keepaliveTimeMs ?? (holdTimeMs === undefined ? undefined : Math.floor(holdTimeMs / 3))
  if (hold === undefined || keepalive === undefined || keepalive <= hold)
    return { holdTimeMs: hold, keepaliveTimeMs: keepalive, connectTimeMs }
  const finding = {
    field: 'spec.keepaliveTime',
    value: spec.keepaliveTime,
    message: 'is longer than the hold time',
    remedy: 'use a third of the hold time, or leave it out'
  }
  // MetalLB compares them as they are written; what rounding made of the hold time holds for both.
  if (holdMs !== undefined && keepalive > holdMs) findings.error(finding)
  else findings.warning({ ...finding, message: `${finding.message} that is used; ${hold / 1000} s is used` })
  return { holdTimeMs: hold, keepaliveTimeMs: hold, connectTimeMs }
}

/** Three times the keepalive time, or what is legal next to that. */
function holdTimeFor(keepaliveTimeMs: number, findings: Findings): number {
  const wholeMs = Math.ceil((keepaliveTimeMs * 3) / 1000) * 1000
  if (wholeMs === 0) return 0
  const legalMs = Math.min(Math.max(wholeMs, MIN_HOLD_TIME_MS), MAX_HOLD_TIME_MS)
  if (legalMs !== wholeMs) {
    findings.warning({
      field: 'spec.keepaliveTime',
      value: `${keepaliveTimeMs} ms`,
      message: `three times that is no legal hold time; ${legalMs / 1000} s is used`,
      remedy: 'set holdTime, to 0 or 3 s to 65535 s (RFC 4271 §4.2)'
    })
  }
  return legalMs
}

function nearestHoldTime(holdTimeMs: number, text: string | undefined, findings: Findings): number {
  const wholeMs = Math.floor(holdTimeMs / 1000) * 1000
  const legalMs = wholeMs === 0 ? 0 : Math.min(Math.max(wholeMs, MIN_HOLD_TIME_MS), MAX_HOLD_TIME_MS)
  const finding = {
    field: 'spec.holdTime',
    value: text,
    message: 'a hold time is 0, or 3 s to 65535 s',
    remedy: 'use a legal one (RFC 4271 §4.2)'
  }
  if (wholeMs > 0 && wholeMs < MIN_HOLD_TIME_MS) findings.error(finding)
  else if (legalMs !== holdTimeMs)
    findings.warning({ ...finding, message: `${finding.message}; ${legalMs / 1000} s is used` })
  return legalMs
}
