import { setTimeout as sleep } from 'node:timers/promises'
import type { LabProcess } from '../lab-process.ts'
import { BusyCores } from './busy-cores.ts'
import type { FailoverLab } from './failover-lab.ts'
import { STREAM_PORT } from './udp-stream.ts'

/** A fault, and what is promised of it. */
export interface FailoverCase {
  readonly name: string
  /** The 99th percentile of the gaps is to be below this, milliseconds; 0: no packet is to be lost. */
  readonly goalMs: number
  /** Whether the addresses of the victim go to others. */
  readonly moves: 'all' | 'none' | 'maybe'
  /** Of whom it is no error to declare him dead, and whose own verdicts do not count. */
  readonly mayDie: 'nobody' | 'victim' | 'everybody'
  /** How often it is measured, beside the others. */
  readonly weight: number
  /** Resolves when the fault is there; for what nothing should come of, when it is over, after `lastingMs`. */
  readonly happen: (lab: FailoverLab, victim: string, lastingMs: number) => Promise<void>
  /** What was broken works again. */
  readonly mend: (lab: FailoverLab, victim: string) => Promise<void>
}

const NOTHING = async (): Promise<void> => undefined
/** Goals of a machine that is gone, and of what the machine itself can still tell. */
const GONE_MS = 500
const TOLD_MS = 200
const RANDOM_LOSS_PERCENT = 20

const CUT: FailoverCase = {
  name: 'node cut off, carrier stays',
  goalMs: GONE_MS,
  moves: 'all',
  mayDie: 'victim',
  weight: 17,
  happen: async ({ faults }, victim) => faults.cut(victim),
  mend: async ({ faults }, victim) => faults.mend(victim)
}

const CARRIER_LOST: FailoverCase = {
  name: 'carrier of the only cable lost',
  // Nobody hears what the node sees.
  goalMs: GONE_MS,
  moves: 'all',
  mayDie: 'victim',
  weight: 3,
  happen: async ({ cluster }, victim) => cluster.segment.pullCable(victim),
  mend: async ({ cluster }, victim) => cluster.segment.plugCable(victim)
}

const CARRIER_LOST_AND_TOLD: FailoverCase = {
  ...CARRIER_LOST,
  name: 'carrier lost, with another cable to the API server',
  goalMs: TOLD_MS,
  happen: async ({ cluster }, victim) => {
    await cluster.segment.addBypass(victim, 'control')
    await cluster.segment.pullCable(victim)
  },
  mend: async ({ cluster }, victim) => {
    await cluster.segment.plugCable(victim)
    await cluster.segment.removeBypass(victim)
  }
}

const KILLED: FailoverCase = {
  name: 'speaker killed (SIGKILL)',
  goalMs: TOLD_MS,
  moves: 'all',
  mayDie: 'victim',
  weight: 5,
  happen: async (lab, victim) => {
    speakerOf(lab, victim).kill('SIGKILL')
    await speakerOf(lab, victim).exited()
  },
  mend: async (lab, victim) => speakerOf(lab, victim).start()
}

const ENDED: FailoverCase = {
  name: 'speaker ended (SIGTERM)',
  goalMs: 0,
  moves: 'all',
  mayDie: 'nobody',
  weight: 5,
  happen: async (lab, victim) => speakerOf(lab, victim).stop(),
  mend: async (lab, victim) => speakerOf(lab, victim).start()
}

const DRAINED: FailoverCase = {
  name: 'node drained (clarion.io/maintenance)',
  goalMs: 0,
  moves: 'all',
  mayDie: 'nobody',
  weight: 3,
  happen: async ({ cluster }, victim) => cluster.api.setMaintenance(victim, 'on'),
  mend: async ({ cluster }, victim) => cluster.api.setMaintenance(victim, 'off')
}

const ROLLING_RESTART: FailoverCase = {
  name: 'rolling restart of all speakers',
  goalMs: 0,
  moves: 'maybe',
  mayDie: 'nobody',
  weight: 1,
  happen: async ({ cluster }) => {
    for (const speaker of cluster.speakers.values()) {
      await speaker.stop()
      speaker.start()
      await speaker.waitForLog('announcing')
    }
  },
  mend: NOTHING
}

const WITHOUT_API_SERVER: FailoverCase = {
  ...CUT,
  name: 'node cut off while the API server is away',
  weight: 2,
  happen: async ({ cluster, faults }, victim) => {
    cluster.apiServer.kill('SIGKILL')
    await cluster.apiServer.exited()
    await faults.cut(victim)
  },
  mend: async ({ cluster, faults }, victim) => {
    cluster.apiServer.start()
    await faults.mend(victim)
  }
}

/** The victim is on the side that the client does not see, with half of the others. */
const SPLIT: FailoverCase = {
  ...CUT,
  name: 'split in two halves',
  mayDie: 'everybody',
  weight: 2,
  happen: async (lab, victim) => lab.faults.split(otherHalf(lab, victim)),
  mend: async (lab, victim) => lab.faults.join(otherHalf(lab, victim))
}

const DEAF: FailoverCase = {
  name: 'one-way loss: the node hears nothing',
  goalMs: GONE_MS,
  moves: 'all',
  mayDie: 'victim',
  weight: 2,
  happen: async ({ faults }, victim) => faults.lose([victim], { directions: ['to'], percent: 100 }),
  mend: async ({ faults }) => faults.spare()
}

const MUTE: FailoverCase = {
  ...DEAF,
  name: 'one-way loss: nothing of the node is heard',
  happen: async ({ faults }, victim) => faults.lose([victim], { directions: ['from'], percent: 100 })
}

/** What the client sends comes through: what it misses is what moves cost. */
const RANDOM_LOSS: FailoverCase = {
  name: `${RANDOM_LOSS_PERCENT} % random loss between all nodes`,
  goalMs: 0,
  moves: 'none',
  mayDie: 'nobody',
  weight: 1,
  happen: async ({ cluster, faults }, _victim, lastingMs) => {
    const options = {
      directions: ['from'],
      percent: RANDOM_LOSS_PERCENT,
      exceptUdpPort: STREAM_PORT
    } as const
    await faults.lose(cluster.nodeNames, options)
    await sleep(lastingMs)
  },
  mend: async ({ faults }) => faults.spare()
}

const BUSY: FailoverCase = {
  name: 'all cores busy',
  goalMs: 0,
  moves: 'none',
  mayDie: 'nobody',
  weight: 1,
  happen: async (_lab, _victim, lastingMs) => whileBusy(async () => sleep(lastingMs)),
  mend: NOTHING
}

const BUSY_CUT: FailoverCase = {
  ...CUT,
  name: 'node cut off while all cores are busy',
  weight: 3,
  happen: async (lab, victim) =>
    whileBusy(async () => {
      await sleep(1000)
      await lab.faults.cut(victim)
      await lab.untilMoved(victim)
    })
}

/** All faults, in the order of the table. */
export const FAILOVER_CASES: readonly FailoverCase[] = [
  CUT,
  CARRIER_LOST,
  CARRIER_LOST_AND_TOLD,
  KILLED,
  stopped(1),
  stopped(3),
  stopped(30),
  ENDED,
  DRAINED,
  ROLLING_RESTART,
  WITHOUT_API_SERVER,
  SPLIT,
  DEAF,
  MUTE,
  RANDOM_LOSS,
  BUSY,
  BUSY_CUT
]

/** The node goes on passing packets: others may take over, and nothing is lost either way. */
function stopped(seconds: number): FailoverCase {
  return {
    name: `speaker stopped for ${seconds} s (SIGSTOP)`,
    goalMs: 0,
    moves: 'maybe',
    mayDie: 'victim',
    weight: seconds > 10 ? 1 : 2,
    happen: async (lab, victim) => {
      speakerOf(lab, victim).kill('SIGSTOP')
      await sleep(seconds * 1000)
      speakerOf(lab, victim).kill('SIGCONT')
    },
    mend: NOTHING
  }
}

function speakerOf({ cluster }: FailoverLab, node: string): LabProcess {
  const speaker = cluster.speakers.get(node)
  if (speaker === undefined) throw new Error(`there is no speaker of ${node}`)
  return speaker
}

function otherHalf({ cluster: { nodeNames } }: FailoverLab, victim: string): readonly string[] {
  const others = nodeNames.filter((name) => name !== victim)
  return [victim, ...others.slice(0, Math.floor(nodeNames.length / 2) - 1)]
}

async function whileBusy(work: () => Promise<void>): Promise<void> {
  const busy = new BusyCores()
  busy.start()
  try {
    await work()
  } finally {
    busy.stop()
  }
}
