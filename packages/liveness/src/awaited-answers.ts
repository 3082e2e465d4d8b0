import type { MemberRecord } from './membership.ts'

/** What was sent before so many others is not waited for any more: that took longer than anybody may be silent. */
const MAX_AWAITED = 4096

/** What was sent and is to be answered. An answer to anything else is a recording, or of a member of before. */
export class AwaitedAnswers {
  readonly #sent: Map<number, { readonly to: MemberRecord; readonly sentMs: number }> = new Map()

  expect(to: MemberRecord, sequence: number, sentMs: number): void {
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size < MAX_AWAITED) break
      this.#sent.delete(oldest)
    }
    this.#sent.set(sequence, { to, sentMs })
  }

  /** An answer is there, and is not waited for any more. @returns when that was sent; `undefined` if it never was */
  take(from: MemberRecord, sequence: number): number | undefined {
    const sent = this.#sent.get(sequence)
    // Whoever was taken out of the list and put into it again has another record.
    if (sent?.to !== from) return undefined
    this.#sent.delete(sequence)
    return sent.sentMs
  }
}
