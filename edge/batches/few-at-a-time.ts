/** Images of one call that are on their way at the same time. */
const AT_A_TIME = 4

/** Works on each item once, in order, a few at the same time. Throws the first failure, after which no others are begun. */
export async function fewAtATime<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let failed = false
  const rest = items.entries()
  const worker = async () => {
    // All take from the same iterator, so that each item is taken once.
    for (const [i, item] of rest) {
      if (failed) return
      await work(item, i).catch((error) => {
        failed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}
