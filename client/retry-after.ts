/** `Retry-After` in seconds from `nowMs`: it is a number of them, or a date (RFC 9110). Undefined if it is neither. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  // Engines take much for a date; one of HTTP begins with the day of the week.
  const date = /^[A-Z][a-z]{2}/.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, (date - nowMs) / 1000)
}
