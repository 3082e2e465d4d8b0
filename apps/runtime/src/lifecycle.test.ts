import { once } from 'node:events'
import { type Logger, pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { runServices, type Service } from './lifecycle.ts'

class Recorder {
  readonly steps: string[] = []
  readonly lines: Record<string, unknown>[] = []
  readonly log: Logger = pino({ base: null }, { write: (line) => void this.lines.push(JSON.parse(line)) })

  service(name: string, more: Partial<Pick<Service, 'start' | 'stop'>> = {}): Service {
    return {
      name,
      start: async (signal) => {
        this.steps.push(`start ${name}`)
        await more.start?.(signal)
        this.steps.push(`${name} works`)
      },
      stop: async () => {
        this.steps.push(`stop ${name}`)
        await more.stop?.()
        this.steps.push(`${name} ended`)
      }
    }
  }
}

function listeners(): number {
  return ['SIGINT', 'SIGTERM', 'SIGHUP'].reduce((sum, name) => sum + process.listenerCount(name), 0)
}

async function soon(): Promise<void> {
  await Promise.resolve()
}

describe('a whole life', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'services start one after the other, and on %s stop one after the other in reverse',
    async (signal) => {
      const recorder = new Recorder()
      const before = listeners()
      const slow = { start: soon, stop: soon }
      const last = recorder.service('c', {
        start: () => void setImmediate(() => process.emit(signal, signal))
      })
      const services = [recorder.service('a', slow), recorder.service('b', slow), last]
      expect(await runServices(services, recorder.log)).toBe(0)
      expect(recorder.steps).toEqual([
        ...['start a', 'a works', 'start b', 'b works', 'start c', 'c works'],
        ...['stop c', 'c ended', 'stop b', 'b ended', 'stop a', 'a ended']
      ])
      expect(recorder.lines).toMatchObject([{ signal, msg: 'stopping' }])
      expect(listeners()).toBe(before)
    }
  )

  test('it ends when the caller says so, also if that was before the start', async () => {
    const recorder = new Recorder()
    const ended = new AbortController()
    const service = recorder.service('a', { start: () => void setImmediate(() => ended.abort()) })
    expect(await runServices([service], recorder.log, ended.signal)).toBe(0)
    expect(await runServices([recorder.service('b')], recorder.log, ended.signal)).toBe(0)
    expect(recorder.steps).toEqual(['start a', 'a works', 'stop a', 'a ended'])
  })
})

describe('a start that fails', () => {
  test('ends with status 1: those before it, and it, are stopped; those after it never start', async () => {
    const recorder = new Recorder()
    const before = listeners()
    const failing = recorder.service('b', {
      start: () => {
        throw new Error('port in use', { cause: new Error('EADDRINUSE') })
      }
    })
    const services = [recorder.service('a'), failing, recorder.service('c')]
    expect(await runServices(services, recorder.log)).toBe(1)
    expect(recorder.steps).toEqual([
      'start a',
      'a works',
      'start b',
      'stop b',
      'b ended',
      'stop a',
      'a ended'
    ])
    expect(recorder.lines).toMatchObject([
      { service: 'b', error: 'port in use: EADDRINUSE', msg: 'start failed' }
    ])
    expect(listeners()).toBe(before)
  })
})

describe('a signal during a start', () => {
  test('aborts the start that waits, and is no failure', async () => {
    const recorder = new Recorder()
    const waiting = recorder.service('b', {
      start: async (signal) => {
        setImmediate(() => process.emit('SIGTERM', 'SIGTERM'))
        await once(signal, 'abort')
        throw new Error('broken off')
      }
    })
    const services = [recorder.service('a'), waiting, recorder.service('c')]
    expect(await runServices(services, recorder.log)).toBe(0)
    expect(recorder.steps).toEqual([
      'start a',
      'a works',
      'start b',
      'stop b',
      'b ended',
      'stop a',
      'a ended'
    ])
    expect(recorder.lines.map(({ msg }) => msg)).toEqual(['stopping'])
  })

  test('lets a start end that does not listen, and begins no other', async () => {
    const recorder = new Recorder()
    const deaf = recorder.service('a', { start: () => void process.emit('SIGTERM', 'SIGTERM') })
    expect(await runServices([deaf, recorder.service('b')], recorder.log)).toBe(0)
    expect(recorder.steps).toEqual(['start a', 'a works', 'stop a', 'a ended'])
  })
})

describe('a stop', () => {
  test('that fails is told, gives status 1, and keeps no other from stopping', async () => {
    const recorder = new Recorder()
    const failing = recorder.service('b', {
      start: () => void setImmediate(() => process.emit('SIGTERM', 'SIGTERM')),
      stop: () => {
        throw new Error('no')
      }
    })
    expect(await runServices([recorder.service('a'), failing], recorder.log)).toBe(1)
    expect(recorder.steps.slice(-3)).toEqual(['stop b', 'stop a', 'a ended'])
    expect(recorder.lines.at(-1)).toMatchObject({ service: 'b', error: 'no', msg: 'stop failed' })
  })

  test('that takes too long ends the process', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const recorder = new Recorder()
    const hanging = Promise.withResolvers<void>()
    const service = recorder.service('a', {
      start: () => void setImmediate(() => process.emit('SIGTERM', 'SIGTERM')),
      stop: async () => {
        await vi.advanceTimersByTimeAsync(9999)
        expect(exit).not.toHaveBeenCalled()
        await vi.advanceTimersByTimeAsync(1)
        hanging.resolve()
      }
    })
    await Promise.all([runServices([service], recorder.log), hanging.promise])
    vi.useRealTimers()
    expect(exit.mock.calls).toEqual([[1]])
    expect(recorder.lines.at(-1)).toMatchObject({ msg: 'stop took too long' })
  })

  test('is cut short by a second signal', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const recorder = new Recorder()
    const service = recorder.service('a', {
      start: () => void setImmediate(() => process.emit('SIGTERM', 'SIGTERM')),
      stop: () => void process.emit('SIGINT', 'SIGINT')
    })
    await runServices([service], recorder.log)
    expect(exit.mock.calls).toEqual([[1]])
  })
})
