/** What a caller asks for in `Prefer` (RFC 7240). */
export interface Preference {
  /** Seconds to wait for the result; undefined leaves it to the server. */
  waitSeconds: number | undefined
  respondAsync: boolean
}

/** The longest wait that is honoured, in seconds. */
export const MAX_WAIT_SECONDS = 60

/**
 * Reads `Prefer`. As the RFC has it, what is not understood is ignored, and the first of several equal preferences counts. A bare `wait`,
 * which Replicate's clients send, asks for the longest.
 */
export function parsePrefer(header: string | undefined): Preference {
  const preferences = (header ?? '')
    .split(',')
    .map((preference) => preference.split(';')[0]?.trim().toLowerCase() ?? '')
  const waits = preferences.flatMap((preference) =>
    preference === 'wait'
      ? String(MAX_WAIT_SECONDS)
      : (/^wait\s*=\s*"?(\d{1,9})"?$/.exec(preference)?.[1] ?? []),
  )
  return {
    waitSeconds: waits[0] === undefined ? undefined : Math.min(Number(waits[0]), MAX_WAIT_SECONDS),
    respondAsync: preferences.includes('respond-async'),
  }
}

/** The value of `Preference-Applied`: what of the wishes was honoured; undefined if there were none. */
export function preferenceApplied({ waitSeconds, respondAsync }: Preference): string | undefined {
  if (respondAsync) return 'respond-async'
  return waitSeconds === undefined ? undefined : `wait=${waitSeconds}`
}
