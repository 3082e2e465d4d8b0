/** Members in the order of their keys, each followed by those that it watches. */
export class Ring<Member extends { readonly key: bigint }> {
  readonly #members: readonly Member[]
  readonly #positions: Map<bigint, number> = new Map()

  constructor(members: readonly Member[]) {
    this.#members = members.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    this.#members.forEach(({ key }, position) => this.#positions.set(key, position))
  }

  /** Those that a member watches: the next ones that take part. */
  watchedBy(key: bigint, count: number, takesPart: (member: Member) => boolean): readonly Member[] {
    return this.#walk(key, 1, { count, takesPart })
  }

  /** Those that watch a member. */
  watchersOf(key: bigint, count: number, takesPart: (member: Member) => boolean): readonly Member[] {
    return this.#walk(key, -1, { count, takesPart })
  }

  #walk(
    key: bigint,
    direction: 1 | -1,
    { count, takesPart }: { count: number; takesPart: (member: Member) => boolean }
  ): readonly Member[] {
    const found: Member[] = []
    const start = this.#positions.get(key)
    if (start === undefined) return found
    const size = this.#members.length
    for (let distance = 1; distance < size && found.length < count; distance += 1) {
      const member = this.#members[(start + direction * distance + size) % size]
      if (member !== undefined && takesPart(member)) found.push(member)
    }
    return found
  }
}
