import { modelOfJobId } from '../shared/job-id.ts'

/** Job ids that begin with a dash go behind `--`, where the parser takes nothing for a flag; all else is as it was given. */
export function idsLast(rawArgs: readonly string[]): string[] {
  const isDashedId = (arg: string) => arg.startsWith('-') && modelOfJobId(arg) !== undefined
  const ids = rawArgs.filter(isDashedId)
  if (ids.length === 0) return [...rawArgs]
  const end = rawArgs.indexOf('--')
  const flags = rawArgs.filter((arg, i) => !isDashedId(arg) && i !== end)
  return [...flags, '--', ...ids]
}
