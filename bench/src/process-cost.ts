import { readFile } from 'node:fs/promises'

/** What a process has cost until now. */
export interface ProcessCost {
  readonly cpuS: number
  /** Most resident memory at any time. */
  readonly peakMiB: number
}

/** USER_HZ: fixed to 100 for programs on Linux (proc(5)). */
const TICKS_PER_S = 100

export async function costOf(pid: number): Promise<ProcessCost> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8')
  ])
  // Behind the name, which may hold anything: fields 14 and 15 are user and system time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
  return { cpuS: ticks / TICKS_PER_S, peakMiB: peakKiB / 1024 }
}
