import type { ForeignProcess } from '../foreign-process.ts'

const TIMEOUT_MS = 10_000
const INTERVAL_MS = 20

/** Asks a daemon again and again until it answers. @throws if it ends, or stays silent */
export async function untilAnswered<T>(process: ForeignProcess, ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!process.isRunning) throw new Error(`${process.name} ended at once`, { cause: error })
      if (performance.now() > deadline)
        throw new Error(`${process.name} did not answer within ${TIMEOUT_MS} ms`, { cause: error })
    }
    await new Promise((resolve) => {
      setTimeout(resolve, INTERVAL_MS)
    })
  }
}
