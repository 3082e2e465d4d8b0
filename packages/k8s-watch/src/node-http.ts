import type * as Http from 'node:http'

/**
 * `node:http`, not as an ES module: that one would fetch every name that it exports, and with `WebSocket` load Node's
 * whole WebSocket client, which is 5 MiB of memory.
 */
export const http: typeof Http = process.getBuiltinModule('node:http')
