import { type ServerResponse } from 'node:http'
import { ApiError } from './api-error.ts'
import { Watcher, type WatcherOptions } from './watcher.ts'

/**
 * A watch of what the history reaches back to; otherwise `undefined`, and the client is told so in the stream, as by a
 * server that has accepted the watch before it looks.
 */
export function openWatcher(response: ServerResponse, options: WatcherOptions): Watcher | undefined {
  try {
    return new Watcher(options)
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Expired') throw error
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' })
    response.end(`{"type":"ERROR","object":${JSON.stringify(error.toStatus())}}\n`)
    return undefined
  }
}
