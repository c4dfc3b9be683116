import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const SAMPLE_MS = 1_000
/** Above this, figures say more about the rest of the machine than about us. */
const QUIET = 0.1

/** The share of this machine's cores (0 to 1) in use over the next second; measures others' load while we do nothing. */
export async function busyShare(signal: AbortSignal): Promise<number> {
  const before = coreTimes()
  await sleep(SAMPLE_MS, undefined, { signal })
  const after = coreTimes()
  return (after.busy - before.busy) / Math.max(1, after.total - before.total)
}

/** What to think of figures measured between two samples; undefined if nothing is wrong. */
export function loadWarning(before: number, after: number): string | undefined {
  if (Math.max(before, after) <= QUIET) return undefined
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return `Not to be trusted: other work kept the cores ${percent(before)} busy just before and ${percent(after)} just after.`
}

function coreTimes(): { busy: number; total: number } {
  let [busy, total] = [0, 0]
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((sum, time) => sum + time, 0)
    total += all
    busy += all - times.idle
  }
  return { busy, total }
}
