/** Packets without an answer, one after the other. Times are milliseconds of CLOCK_MONOTONIC. */
export interface StreamGap {
  /** When the last packet before it was sent that was answered. */
  readonly fromMs: number
  /** When the first one after it was sent that was answered. */
  readonly toMs: number
  readonly lost: number
  /** Whether there was an answer after it. */
  readonly isOver: boolean
}

/** Another node answered from then on. */
export interface StreamMove {
  readonly atMs: number
  readonly from: number
  readonly to: number
}

/** What became of the packets to one address since the last report. */
export interface AddressReport {
  readonly address: string
  readonly sent: number
  readonly received: number
  /** Answers beyond the first. */
  readonly duplicates: number
  readonly gaps: readonly StreamGap[]
  readonly moves: readonly StreamMove[]
}

/** Who answered an address last. */
export interface AddressState {
  readonly address: string
  /** Number of the node; 0: nobody yet. */
  readonly node: number
  readonly answeredAtMs: number
}

/** What a case of the failover suite has come to; gaps are milliseconds. */
export interface FailoverOutcome {
  /** The longest gap of each address that had one. */
  readonly gapsMs: readonly number[]
  readonly sent: number
  readonly lost: number
  readonly duplicates: number
  readonly moves: number
}

/** Sums up what became of the packets to several addresses. */
export function summarize(reports: readonly AddressReport[]): FailoverOutcome {
  const sum = (count: (report: AddressReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  return {
    gapsMs: reports.flatMap(({ gaps }) =>
      gaps.length === 0 ? [] : [Math.max(...gaps.map(({ fromMs, toMs }) => toMs - fromMs))]
    ),
    sent: sum(({ sent }) => sent),
    lost: sum(({ sent, received }) => sent - received),
    duplicates: sum(({ duplicates }) => duplicates),
    moves: sum(({ moves }) => moves.length)
  }
}
