import { CapLink, type Link, type LinkHandlers, SocketLink } from '@clarion-lb/link'
import { FramesCore } from './frames-core.ts'
import { FramesPlane } from './frames-plane.ts'
import { LoopPlane } from './loop-plane.ts'
import type { Plane, PlaneHandlers } from './plane.ts'

export interface CreatePlaneOptions extends PlaneHandlers {
  /** Source of a regular expression: interfaces that do not exist for us. */
  readonly excludeSource: string | undefined
  /** `packet`, `cap`, `socket:PATH` (a segment that another process serves), or empty for what suits the system. */
  readonly backend: string
  /** Name of this node: the port that it has on a served segment. */
  readonly node: string
}

/** Packet sockets in a thread of their own on Linux; elsewhere libpcap, in this thread's event loop. */
export function createPlane({ backend, node, ...options }: CreatePlaneOptions): Plane {
  const [, path] = /^socket:(.+)$/.exec(backend) ?? []
  if (path !== undefined)
    return createLoopPlane(options, (handlers) => new SocketLink({ ...handlers, path, port: node }))
  const isPacket = backend === 'packet' || (backend === '' && process.platform === 'linux')
  if (isPacket) return new FramesPlane(options)
  return createLoopPlane(options, (handlers) => new CapLink(handlers))
}

function createLoopPlane(
  { excludeSource, onEvent }: Pick<CreatePlaneOptions, 'excludeSource' | 'onEvent'>,
  createLink: (handlers: LinkHandlers) => Link
): Plane {
  const link = createLink({
    onFrame: (frame, index) => core.onFrame(frame, index),
    onInterfaces: (change) => {
      core.onInterfaces(change)
      plane.onInterfacesChanged()
    }
  })
  const core = new FramesCore({
    link,
    exclude: excludeSource === undefined ? undefined : new RegExp(excludeSource),
    onEvent,
    now: () => performance.now()
  })
  const plane = new LoopPlane({ link, core })
  return plane
}
