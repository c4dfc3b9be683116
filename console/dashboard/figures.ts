import { duration, short } from '../design/format.ts'

const number = new Intl.NumberFormat('en')

/** `12,345`. */
export function whole(value: number): string {
  return number.format(value)
}

/** `3.2/s`; a dash where it is not known. */
export function per(rate: number | null): string {
  return rate === null ? '–' : `${short(rate)}/s`
}

/** A time in seconds; a dash where it is not known. */
export function span(seconds: number | null): string {
  if (seconds === null) return '–'
  return seconds === 0 ? '0 s' : duration(seconds * 1_000)
}

/** So long before `now`, both ms of one clock: `12 s ago`, `3 min ago`; a dash for never. */
export function ago(iso: string | null, now: number): string {
  if (iso === null) return '–'
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1_000))
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h ago` : `${Math.round(seconds / 86_400)} d ago`
}
