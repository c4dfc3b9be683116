/**
 * How often values fell into which of a few fixed buckets: small enough to be told every half minute, and those of many pools can be added up.
 * A value belongs to the first bucket whose bound it does not exceed; what exceeds all belongs to the last.
 */
export class BucketCounts {
  readonly #bounds: readonly number[]
  readonly #counts: number[]

  /** `bounds` ascend. Only counts of the same bounds may be added up. */
  constructor(bounds: readonly number[], counts: readonly number[] = []) {
    this.#bounds = bounds
    this.#counts = bounds.map((_, i) => counts[i] ?? 0)
  }

  add(value: number): void {
    const found = this.#bounds.findIndex((bound) => value <= bound)
    const bucket = found < 0 ? this.#bounds.length - 1 : found
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  /** Adds all that `other` has counted. */
  merge(other: BucketCounts): void {
    for (const [i, count] of other.#counts.entries()) this.#counts[i] = (this.#counts[i] ?? 0) + count
  }

  /** How many values there were. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Those buckets that have any. */
  get buckets(): { upTo: number; count: number }[] {
    return this.#bounds.flatMap((upTo, i) => {
      const count = this.#counts[i] ?? 0
      return count > 0 ? [{ upTo, count }] : []
    })
  }

  /**
   * About the value that a share `q` (0 to 1) of all does not exceed, as if those of a bucket were spread evenly over it; null where there is
   * none. It is never beyond the last bound.
   */
  quantile(q: number): number | null {
    const { total } = this
    if (total === 0) return null
    let left = Math.max(q * total, Number.MIN_VALUE)
    for (const [i, count] of this.#counts.entries()) {
      if (left <= count) {
        const [lower, upper] = [i === 0 ? 0 : (this.#bounds[i - 1] as number), this.#bounds[i] as number]
        return lower + ((upper - lower) * left) / count
      }
      left -= count
    }
    return this.#bounds.at(-1) ?? null
  }

  /** The first bucket that has any, then its count and those that follow, in base 36 with dots between; '' where there is none. */
  encode(): string {
    const first = this.#counts.findIndex((count) => count > 0)
    if (first < 0) return ''
    const last = this.#counts.findLastIndex((count) => count > 0)
    return [first, ...this.#counts.slice(first, last + 1)].map((number) => number.toString(36)).join('.')
  }

  /** What `encode` gave. Undefined if it was not given by it. */
  static decode(bounds: readonly number[], text: string): BucketCounts | undefined {
    if (text === '') return new BucketCounts(bounds)
    if (!/^[0-9a-z]{1,10}(\.[0-9a-z]{1,10})+$/.test(text)) return undefined
    const [first = 0, ...counts] = text.split('.').map((digits) => Number.parseInt(digits, 36))
    if (first + counts.length > bounds.length) return undefined
    return new BucketCounts(bounds, [...Array<number>(first).fill(0), ...counts])
  }
}

/** Milliseconds: each 1.41 times the one before, from 1 ms to 13 min, so that a percentile is off by 20 % at the very most. */
export const DURATION_BOUNDS_MS = Array.from({ length: 40 }, (_, i) => 2 ** (i / 2))
/** Powers of two, up to the largest batch that a manifest may name. */
export const BATCH_SIZE_BOUNDS = Array.from({ length: 11 }, (_, i) => 2 ** i)
