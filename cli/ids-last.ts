import { modelOfJobId } from '../shared/job-id.ts'

/** Job ids that begin with a dash go behind `--`, where the parser takes nothing for a flag; all else is as it was given. */
export function idsLast(rawArgs: readonly string[]): string[] {
  const isDashedId = (arg: string) => arg.startsWith('-') && modelOfJobId(arg) !== undefined
  const end = rawArgs.indexOf('--')
  const [flags, rest] = end < 0 ? [rawArgs, []] : [rawArgs.slice(0, end), rawArgs.slice(end + 1)]
  const ids = flags.filter(isDashedId)
  if (ids.length === 0) return [...rawArgs]
  return [...flags.filter((arg) => !isDashedId(arg)), '--', ...ids, ...rest]
}
