import { KubeTransportError } from './errors.ts'

/** A signal of our own that follows the caller's. */
export interface LinkedAbort {
  readonly controller: AbortController
  readonly unlink: () => void
  /** What a failure was really about. */
  readonly explain: (error: unknown, subject: string) => unknown
}

export function linkedAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer?.reason)
  if (outer?.aborted === true) onAbort()
  outer?.addEventListener('abort', onAbort, { once: true })
  return {
    controller,
    unlink: () => outer?.removeEventListener('abort', onAbort),
    explain: (error, subject) => {
      if (outer?.aborted === true) {
        return new KubeTransportError('aborted', subject, 'given up', { cause: outer.reason })
      }
      const isOurTimeout = error instanceof KubeTransportError && error.reason === 'aborted'
      return isOurTimeout ? new KubeTransportError('timeout', subject, 'no answer in time') : error
    }
  }
}
