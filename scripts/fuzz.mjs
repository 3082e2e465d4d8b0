// Gives mutated messages to a protocol package until enough of them were taken. Equal seeds make equal messages, so a run
// goes on where another ended: its summary says with which seed. Exit status 1 if a promise is broken.
// Usage: node --conditions=@clarion-lb/source fuzz.mjs bgp [--count N] [--sessions N] [--seed N]
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fuzzDecoder } from '../packages/bgp/src/fixtures/fuzz-decoder.ts'
import { fuzzSession } from '../packages/bgp/src/fixtures/fuzz-session.ts'

const SLICE = 100_000
const PROGRESS_MS = 10_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '1000000' },
    sessions: { type: 'string' },
    seed: { type: 'string', default: '0' }
  }
})
const count = Number(values.count)
const sessions = Number(values.sessions ?? count / 10)
const seed = Number(values.seed)
if (positionals.join() !== 'bgp' || ![count, sessions, seed].every(Number.isSafeInteger)) {
  process.stderr.write('usage: fuzz bgp [--count N] [--sessions N] [--seed N]\n')
  process.exit(2)
}
// Millions of errors are made here, and nobody reads where.
Error.stackTraceLimit = 0
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const violations = [...decode(), ...(await converse())]
for (const violation of violations) process.stdout.write(`${violation}\n`)
process.stdout.write(`next seed: ${seed + count}\n`)
process.exit(violations.length === 0 ? 0 : 1)

function decode() {
  const before = heapMiB()
  const say = sayer('decoder', count)
  const outcomes = {}
  const broken = []
  let rss = 0
  for (let done = 0; done < count && broken.length === 0; done += SLICE) {
    const report = fuzzDecoder({ seed: seed + done, count: Math.min(SLICE, count - done) })
    for (const [kind, n] of Object.entries(report.outcomes)) outcomes[kind] = (outcomes[kind] ?? 0) + n
    broken.push(...report.violations)
    rss = Math.max(rss, process.memoryUsage().rss)
    say(done + SLICE)
  }
  summarize('decoder and framer', { messages: count, ...outcomes }, before, rss)
  return broken
}

/** Messages over TCP, to a speaker that has routes. */
async function converse() {
  const before = heapMiB()
  const say = sayer('sessions', sessions)
  let rss = 0
  const report = await fuzzSession({
    seed,
    count: sessions,
    onProgress: (taken) => {
      rss = Math.max(rss, process.memoryUsage.rss())
      say(taken)
    }
  })
  const { taken, sessions: begun, established, violations: broken } = report
  summarize(
    'sessions',
    { messages: taken, sessions: begun, established, violations: broken.length },
    before,
    rss
  )
  return broken
}

function sayer(what, total) {
  const startedAt = performance.now()
  let saidAt = startedAt
  return (done) => {
    const now = performance.now()
    if (now - saidAt < PROGRESS_MS) return
    saidAt = now
    const rate = Math.round((1000 * done) / (now - startedAt))
    process.stderr.write(`${what}: ${done} of ${total}, ${rate} a second\n`)
  }
}

function summarize(what, counts, before, rss) {
  const parts = Object.entries(counts).map(([name, n]) => `${name} ${n}`)
  const memory = `heap ${before} → ${heapMiB()} MiB, most resident ${Math.round(rss / 1048576)} MiB`
  process.stdout.write(`${what}: ${parts.join(', ')}; ${memory}\n`)
}

function heapMiB() {
  collect()
  return Math.round(process.memoryUsage().heapUsed / 104_857.6) / 10
}
