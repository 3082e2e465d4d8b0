import type { LabProcess } from './lab-process.ts'

/** How long any program of the lab may take until it is ready. */
export const READY_TIMEOUT_MS = 60_000

/** Whether a program of ours sent a message of this type. */
export function isMessage(said: unknown, type: string): boolean {
  return typeof said === 'object' && said !== null && 'type' in said && said.type === type
}

/** Asks again and again; a process that has ended will never be ready. @throws if it ends, or takes too long */
export async function waitUntilReady(subject: LabProcess, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await isReady().catch(() => false))) {
    if (!subject.isRunning) throw new Error(`${subject.name} ended before it was ready; see its log`)
    if (performance.now() > deadline)
      throw new Error(`${subject.name} was not ready within ${READY_TIMEOUT_MS} ms; see its log`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}
