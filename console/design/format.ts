const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})

/** `4.2 ms`, `1.35 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${number.format(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 60) return `${number.format(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** `812 bytes`, `34.5 kB`, `1.2 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} bytes`
  return count < 1e6 ? `${number.format(count / 1e3)} kB` : `${number.format(count / 1e6)} MB`
}

/** `89.4%`. */
export function share(fraction: number): string {
  return percent.format(fraction)
}

/** `1 photo`, `12 photos`. */
export function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}

/** A number as people read it: three digits that matter. */
export function short(value: number): string {
  return number.format(value)
}
