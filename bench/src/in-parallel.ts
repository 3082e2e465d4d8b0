/** Calls `work` with 0 to `count` − 1, so many at a time. */
export async function inParallel(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>
): Promise<void> {
  let next = 0
  const runOne = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, runOne))
}
