/** Clouds refuse what is signed by a clock that is further off: AWS by 5 minutes, Google by 10. */
const TOLERATED_MS = 240_000

/**
 * Whether a refusal may be due to this machine's clock, told by the answer's own `Date`: words for a message, or nothing. `nowMs`: what this
 * machine takes for now.
 */
export function clockSkewHint(answer: Response, nowMs: number): string {
  const theirs = Date.parse(answer.headers.get('date') ?? '')
  const ahead = nowMs - theirs
  if (!(Math.abs(ahead) > TOLERATED_MS)) return ''
  const off = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'}`
  return `; this machine's clock is ${off} theirs: set it, signatures are not taken otherwise`
}
