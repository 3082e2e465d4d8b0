/** Thrown when a backend cannot work here; the message names the remedy. */
export class LinkBackendError extends Error {
  override readonly name = 'LinkBackendError'
  readonly code = 'ERR_LINK_BACKEND'
  /**
   * - `'cap-missing'`: the optional package `cap` is not installed
   * - `'unsupported'`: this backend does not exist for this system
   */
  readonly reason: 'cap-missing' | 'unsupported'

  constructor(reason: 'cap-missing' | 'unsupported', message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
