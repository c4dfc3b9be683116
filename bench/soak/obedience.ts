import { CallFailure } from './call-failure.ts'

export interface Obedience {
  /** How often it may come back. */
  retries: number
  sleep: (ms: number) => Promise<void>
}

export interface Attempts<T> {
  /** What the last try gave. */
  result: { value: T } | { failure: CallFailure }
  /** Seconds that it was told to stay away, one for each refusal that said so. */
  told: number[]
  tries: number
}

/** A client who comes back when Retry-After says so, and neither sooner nor later. Throws what is no CallFailure. */
export async function obey<T>(
  attempt: () => Promise<T>,
  { retries, sleep }: Obedience,
): Promise<Attempts<T>> {
  const told: number[] = []
  for (let tries = 1; ; tries++) {
    try {
      return { result: { value: await attempt() }, told, tries }
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error
      const seconds = error.refusal?.retryAfterSeconds
      if (seconds !== undefined) told.push(seconds)
      if (seconds === undefined || tries > retries) return { result: { failure: error }, told, tries }
      await sleep(1000 * seconds)
    }
  }
}
