import { expect } from 'vitest'
import { type Cell, PATIENCE } from './cell.ts'
import { DAEMON_ROUTES, OWN_ASN, type Row } from './row.ts'

const external = { asn: OWN_ASN, transport: 4, families: [4] } as const
const HOLD_TIME_MS = 3000
/** The codes of RFC 4271 §4.5 and RFC 4486 §3. */
const HOLD_TIMER_EXPIRED = 4
const CEASE = 6
const MAXIMUM_NUMBER_OF_PREFIXES_REACHED = 1

/** Looks for a route again and again until it is told to stop. */
class Watch {
  readonly #cell: Cell
  readonly #prefix: string
  readonly #done: Promise<void>
  #isEnded = false
  #looks = 0
  #absences = 0

  constructor(cell: Cell, prefix: string) {
    this.#cell = cell
    this.#prefix = prefix
    this.#done = this.#look()
  }

  async end(): Promise<{ readonly looks: number; readonly absences: number }> {
    this.#isEnded = true
    await this.#done
    return { looks: this.#looks, absences: this.#absences }
  }

  async #look(): Promise<void> {
    while (!this.#isEnded) {
      const paths = await this.#cell.daemon.paths(this.#prefix)
      this.#looks += 1
      if (paths.length === 0) this.#absences += 1
    }
  }
}

async function survive(cell: Cell): Promise<void> {
  const [kept = '', dropped = ''] = cell.prefixes[4]
  const start = async (isRestarting: boolean): Promise<void> =>
    cell.connectAlone(
      { holdsEndOfRib: true },
      { ...cell.spec, gracefulRestart: { restartTimeMs: 60_000, isRestarting } }
    )
  await start(false)
  await cell.advertise({ prefix: kept }, { prefix: dropped })
  await cell.speaker.ask('markComplete', undefined)
  await cell.has(kept, { isStale: false })
  await cell.has(dropped)

  const watch = new Watch(cell, kept)
  await cell.speaker.kill()
  await cell.has(kept, { isStale: true })
  await start(true)
  // Nothing is announced yet: the daemon lives on what it remembers.
  await cell.has(dropped)
  await cell.advertise({ prefix: kept, attributes: { med: 2 } })
  await cell.has(kept, { med: 2 })
  await cell.has(dropped)
  await cell.speaker.ask('markComplete', undefined)
  await cell.hasNot(dropped)
  await cell.has(kept, { isStale: false })
  const { looks, absences } = await watch.end()
  expect(looks).toBeGreaterThan(5)
  expect(absences).toBe(0)
}

/** What happens when one side goes away, or says that it does. */
export const RESTART_ROWS: readonly Row[] = [
  {
    ...external,
    id: 'gracefulRestart',
    title: 'Our process is killed and comes back: no route is lost (RFC 4724)',
    run: survive
  },
  {
    ...external,
    id: 'noGracefulRestart',
    title: 'Without graceful restart the routes go with our process',
    run: async (cell) => {
      await cell.connectAlone()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      await cell.speaker.kill()
      await cell.hasNot(cell.prefix(4))
    }
  },
  {
    ...external,
    id: 'refresh',
    title: 'Route refresh (RFC 2918)',
    unsupported: { gobgp: 'keeps what it was told as it came, and never asks for it again' },
    run: async (cell) => {
      await cell.connect()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      const before = (await cell.report()).counters
      await cell.daemon.requestRefresh(cell.peer, 4)
      await expect
        .poll(async () => (await cell.report()).counters.received.routeRefresh, PATIENCE)
        .toBeGreaterThan(before.received.routeRefresh)
      await expect
        .poll(async () => (await cell.report()).counters.sent.update, PATIENCE)
        .toBeGreaterThan(before.sent.update)
      await cell.has(cell.prefix(4), { isStale: false })
    }
  },
  {
    ...external,
    id: 'ourHoldTime',
    title: 'We freeze: the daemon’s hold timer expires, and the session comes back',
    theirs: { holdTimeS: HOLD_TIME_MS / 1000 },
    ours: () => ({ holdTimeMs: HOLD_TIME_MS }),
    run: async (cell) => {
      await cell.connectAlone()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      cell.speaker.freeze()
      await cell.hasNot(cell.prefix(4))
      cell.speaker.thaw()
      await cell.closed({ code: HOLD_TIMER_EXPIRED })
      await cell.daemon.forgive(cell.peer)
      await cell.established()
      await cell.has(cell.prefix(4))
    }
  },
  {
    ...external,
    id: 'theirHoldTime',
    title: 'The daemon freezes: our hold timer expires, and the session comes back',
    theirs: { holdTimeS: HOLD_TIME_MS / 1000 },
    ours: () => ({ holdTimeMs: HOLD_TIME_MS }),
    run: async (cell) => {
      await cell.connect()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      cell.daemon.freeze()
      await cell.closed({ by: 'local', code: HOLD_TIMER_EXPIRED })
      cell.daemon.thaw()
      await expect.poll(async () => (await cell.report()).counters.sessions, PATIENCE).toBeGreaterThan(1)
      await cell.established()
      await cell.has(cell.prefix(4))
    }
  },
  {
    ...external,
    id: 'ourText',
    title: 'Our shutdown text is read there (RFC 9003)',
    run: async (cell) => {
      await cell.connect()
      const text = 'maintenance of rack 7, back at noon'
      await cell.speaker.ask('removePeer', { name: cell.spec.name, stop: { mode: 'shutdown', text } })
      await expect.poll(async () => cell.daemon.report(cell.peer), PATIENCE).toContain(text)
    }
  },
  {
    ...external,
    id: 'theirText',
    title: 'Their shutdown text is read here (RFC 9003)',
    run: async (cell) => {
      await cell.connect()
      const text = 'router is replaced'
      await cell.daemon.shutDown(cell.peer, text)
      await cell.closed({ by: 'peer', code: CEASE, text })
    }
  },
  {
    ...external,
    id: 'maxPrefixes',
    title: 'The daemon’s limit of prefixes ends the session, which can come back',
    theirs: { maxPrefixes: 1 },
    run: async (cell) => {
      const first = cell.prefix(4)
      await cell.connect()
      await cell.advertise({ prefix: first })
      await cell.has(first)
      // One too many is enough for most; some count behind the look. With attributes of its own each has its message.
      const others = [1, 2, 3, 4].map((med) => ({ prefix: `198.18.0.${med}/32`, attributes: { med } }))
      await cell.advertise({ prefix: first }, ...others)
      await cell.closed({ by: 'peer', code: CEASE, subcode: MAXIMUM_NUMBER_OF_PREFIXES_REACHED })
      await cell.advertise({ prefix: first })
      await cell.daemon.forgive(cell.peer)
      await cell.established()
      await cell.has(first)
    }
  },
  {
    ...external,
    id: 'operatorReset',
    title: 'The daemon’s operator resets the session, which comes back',
    run: async (cell) => {
      await cell.connect()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      await cell.daemon.resetSession(cell.peer)
      await cell.closed({ by: 'peer', code: CEASE })
      await cell.daemon.forgive(cell.peer)
      await expect.poll(async () => (await cell.report()).counters.sessions, PATIENCE).toBeGreaterThan(1)
      await cell.established()
      await cell.has(cell.prefix(4))
    }
  },
  {
    ...external,
    id: 'theirRestart',
    title: 'The daemon is stopped and started: it learns all again',
    run: async (cell) => {
      await cell.connect()
      await cell.advertise({ prefix: cell.prefix(4) })
      await cell.has(cell.prefix(4))
      await cell.stage.restartDaemon()
      await cell.established()
      await cell.has(cell.prefix(4))
      await cell.heard(DAEMON_ROUTES[4])
    }
  }
]
