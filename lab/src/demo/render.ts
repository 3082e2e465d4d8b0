import Table from 'cli-table3'
import { createLogUpdate } from 'log-update'
import { createColors } from 'picocolors'
import type { FailoverCause } from './failovers.ts'
import type { BgpReport } from './second-act.ts'
import type { DemoReport, StoryEvent } from './story.ts'

/** Shows a story as it happens. */
export interface Renderer {
  show(event: StoryEvent): void
  /** Leaves what was shown last on the screen. */
  end(): void
}

export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** For people: steps with their times, and under them a table that is redrawn in place on a terminal. */
export function createRenderer(terminal: NodeJS.WriteStream): Renderer {
  const isTerminal = terminal.isTTY === true && process.env['NO_COLOR'] === undefined
  const paint = createColors(isTerminal)
  const live = terminal.isTTY === true ? createLogUpdate(terminal) : undefined
  let report: DemoReport | undefined
  let current: string | undefined
  const redraw = (): void => {
    const lines = [
      current === undefined ? '' : `${paint.cyan('…')} ${current}`,
      report === undefined ? '' : formatReport(report, paint)
    ]
    live?.(lines.filter((line) => line !== '').join('\n'))
  }
  return {
    show: (event) => {
      if (event.type === 'report') report = event.report
      if (event.type === 'begin') current = event.text
      if (event.type === 'begin' && live === undefined) terminal.write(`        … ${event.text}\n`)
      if (event.type === 'step') {
        current = undefined
        live?.clear()
        terminal.write(`${paint.green(formatSeconds(event.ms))} ${event.text}\n`)
      }
      redraw()
    },
    end: () => {
      live?.clear()
      if (report !== undefined) terminal.write(`\n${formatReport(report, paint)}\n`)
    }
  }
}

const CAUSES = {
  cableOut: 'cable out',
  speakerKilled: 'speaker killed',
  nodeDrained: 'node drained'
} as const satisfies Record<FailoverCause, string>

type Paint = ReturnType<typeof createColors>

function formatReport(report: DemoReport, paint: Paint): string {
  const rows = report.services.map(({ name, addresses, node, firstReplyMs }) => [
    paint.bold(name),
    addresses.join(', '),
    node,
    `${firstReplyMs} ms`
  ])
  const { failovers, bgp } = report
  return [
    formatTable(['SERVICE', 'ADDRESSES', 'ANSWERED BY', 'FIRST REPLY'], rows),
    ...report.pending.map(({ name, reason }) => `${paint.yellow('pending')} ${paint.bold(name)}: ${reason}`),
    ...failovers.map(
      ({ cause, node, newNode, gapMs, lostRequests }) =>
        `${paint.bold(CAUSES[cause])} ${node} → ${newNode}: clients waited ${gapMs} ms, ${lostRequests} requests lost`
    ),
    ...(bgp === undefined ? [] : ['', formatBgp(bgp, paint)])
  ].join('\n')
}

function formatBgp({ routes, services, pending, failover }: BgpReport, paint: Paint): string {
  const rows = services.flatMap(({ name, addresses, firstReplyMs }) =>
    addresses.map((address) => [
      paint.bold(name),
      address,
      routes.find(({ prefix }) => prefix.startsWith(`${address}/`))?.nodes.join(', ') ?? '',
      `${firstReplyMs} ms`
    ])
  )
  return [
    formatTable(['ROUTED SERVICE', 'ADDRESS', 'NEXT HOPS OF THE ROUTER', 'FIRST REPLY'], rows),
    ...pending.map(({ name, reason }) => `${paint.yellow('pending')} ${paint.bold(name)}: ${reason}`),
    ...(failover === undefined
      ? []
      : [
          `${paint.bold('failover')} ${failover.node} was no next hop after ${failover.nextHopGoneMs} ms: requests were lost for ${failover.gapMs} ms, ${failover.lostRequests} of ${failover.sentRequests}`
        ])
  ].join('\n')
}

function formatTable(head: string[], rows: readonly string[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true }, chars: PLAIN })
  table.push(...rows)
  return table.toString()
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)} s`
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   '
}
