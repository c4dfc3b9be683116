/** One thing that a pool needs, and how it stands on this machine. */
export interface Check {
  name: string
  /**
   * - `ok`
   * - `warning`: a pool runs, but not as well as it could, or nobody could tell.
   * - `missing`: not there, or not usable.
   */
  state: 'ok' | 'warning' | 'missing'
  /** Whether a pool with these settings cannot do without it. */
  needed: boolean
  /** What was found. Nothing secret. */
  found: string
  /** What to do; for all but `ok`. */
  fix?: string
}

/** The same where a pool does without what is missing. */
export function asWarning(check: Check): Check {
  return check.needed && check.state === 'missing' ? { ...check, state: 'warning' } : check
}

/** What an error says, on one line, without the stack that some carry along. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').slice(0, 3).join(' ')
}

/** 0, or 1 if something is missing that these settings need. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 {
  return checks.some(({ state, needed }) => needed && state === 'missing') ? 1 : 0
}

/** A table for people: state, name, what was found, and below it what to do. */
export function asTable(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  const lines = checks.flatMap((check) => {
    const { state, name, needed, found, fix } = check
    const optional = state === 'missing' && !needed ? ' (not needed with these settings)' : ''
    const line = `${state.padEnd(7)}  ${name.padEnd(width)}  ${found}${optional}`
    return fix ? [line, `${' '.repeat(width + 11)}fix: ${fix}`] : [line]
  })
  return `${lines.join('\n')}\n`
}

/** The same for programs. */
export function asJson(checks: readonly Check[]): string {
  return `${JSON.stringify({ ok: exitCodeOf(checks) === 0, checks }, undefined, 2)}\n`
}
