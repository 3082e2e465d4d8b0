import { CapLink, type Link, type LinkHandlers, SocketLink } from '@clarion-lb/link'
import { SYSTEM_CLOCK } from '@clarion-lb/liveness'
import type { Backend } from './backend.ts'
import { FramesPlane } from './frames-plane.ts'
import { LoopPlane } from './loop-plane.ts'
import type { PlaneIdentity } from './messages.ts'
import type { Plane, PlaneHandlers } from './plane.ts'
import { PlaneCore } from './plane-core.ts'

/** `node` is also the port that it has on a served segment. */
export interface CreatePlaneOptions extends PlaneHandlers, PlaneIdentity {
  /** Source of a regular expression: interfaces that do not exist for us. */
  readonly excludeSource: string | undefined
  readonly backend: Backend
}

export function createPlane({ backend, ...options }: CreatePlaneOptions): Plane {
  switch (backend.type) {
    case 'packet':
      return new FramesPlane(options)
    case 'cap':
      return createLoopPlane(options, (handlers) => new CapLink(handlers))
    case 'socket':
      return createLoopPlane(
        options,
        (handlers) => new SocketLink({ ...handlers, path: backend.path, port: options.node })
      )
  }
}

/** Frames in this thread's event loop. */
export function createLoopPlane(
  { excludeSource, ...options }: Omit<CreatePlaneOptions, 'backend' | 'onRestart'>,
  createLink: (handlers: LinkHandlers) => Link
): Plane {
  const link = createLink({
    onFrame: (frame, index) => {
      core.onFrame(frame, index)
      plane.onLinkEvent()
    },
    onInterfaces: (change) => {
      core.onInterfaces(change)
      plane.onLinkEvent()
    }
  })
  const core = new PlaneCore({
    ...options,
    link,
    exclude: excludeSource === undefined ? undefined : new RegExp(excludeSource),
    means: { clock: SYSTEM_CLOCK },
    onLiveness: () => plane.onLiveness()
  })
  const plane = new LoopPlane({ link, core })
  return plane
}
