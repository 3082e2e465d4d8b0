/** The stream ended, but nothing says that the server did. */
export class WatchCutError extends Error {
  override readonly name = 'WatchCutError'
}
