import { CapLink, type Link, type LinkHandlers, SocketLink } from '@clarion-lb/link'
import type { Backend } from './backend.ts'
import { FramesCore } from './frames-core.ts'
import { FramesPlane } from './frames-plane.ts'
import { LoopPlane } from './loop-plane.ts'
import type { Plane, PlaneHandlers } from './plane.ts'

export interface CreatePlaneOptions extends PlaneHandlers {
  /** Source of a regular expression: interfaces that do not exist for us. */
  readonly excludeSource: string | undefined
  readonly backend: Backend
  /** Name of this node: the port that it has on a served segment. */
  readonly node: string
}

export function createPlane({ backend, node, ...options }: CreatePlaneOptions): Plane {
  switch (backend.type) {
    case 'packet':
      return new FramesPlane(options)
    case 'cap':
      return createLoopPlane(options, (handlers) => new CapLink(handlers))
    case 'socket':
      return createLoopPlane(
        options,
        (handlers) => new SocketLink({ ...handlers, path: backend.path, port: node })
      )
  }
}

/** Frames in this thread's event loop. */
export function createLoopPlane(
  { excludeSource, onEvent }: Pick<CreatePlaneOptions, 'excludeSource' | 'onEvent'>,
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
  const core = new FramesCore({
    link,
    exclude: excludeSource === undefined ? undefined : new RegExp(excludeSource),
    onEvent,
    now: () => performance.now()
  })
  const plane = new LoopPlane({ link, core })
  return plane
}
