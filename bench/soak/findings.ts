import type { FailureWay } from './call-failure.ts'
import type { LoadPhase, SoakFigures } from './phases.ts'
import type { StackSample } from './stack-watch.ts'

/** So many more open files than before are no growth: a connection more to Redis, a log. */
const FDS_TOLERATED = 10
const SHOWN = 3

const NEVER: readonly FailureWay[] = ['server-error', 'wrong', 'no-answer', 'lost']

/** What is plainly wrong, a line each; slowness is not. */
export function findings({ before, steady, overload, quiet }: SoakFigures): string[] {
  return [
    ...ofPhase('steady', steady),
    ...ofPhase('overload', overload),
    ...grownFds('after steady', before, steady.after),
    ...grownFds('after quiet', before, quiet.after),
    ...listed('keys without a TTL', quiet.keys.withoutTtl),
    ...(['job', 'input', 'followers'] as const).flatMap((kind) => {
      const left = quiet.keys.byKind[kind] ?? 0
      return left > 0 ? [`${left} ${kind} keys are left when all should be gone`] : []
    }),
  ]
}

function ofPhase(name: string, { records, contradictions, keys }: LoadPhase): string[] {
  const failures = NEVER.flatMap((way) => {
    const whats = records.flatMap(({ failure }) => (failure?.way === way ? [failure.what] : []))
    return listed(`${name}: calls that ended with ${way}`, whats)
  })
  return [
    ...failures,
    ...listed(`${name}: jobs that ended otherwise than their callers were told`, contradictions),
    ...listed(`${name}: jobs that have not ended though no call is under way`, keys.openJobs),
    ...(keys.entries > 0
      ? [`${name}: ${keys.entries} entries are left in queues that nobody waits for`]
      : []),
    ...listed(`${name}: keys without a TTL`, keys.withoutTtl),
  ]
}

function grownFds(when: string, before: StackSample, after: StackSample): string[] {
  return Object.entries(after.parts).flatMap(([name, { fds }]) => {
    const begun = before.parts[name]?.fds ?? 0
    return fds > begun + FDS_TOLERATED
      ? [`${name} has ${fds} open files ${when}, and began with ${begun}`]
      : []
  })
}

/** One line: how many, and the most frequent. */
function listed(what: string, items: readonly string[]): string[] {
  if (items.length === 0) return []
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  const more = counts.size > SHOWN ? ', ...' : ''
  return [
    `${items.length} ${what}: ${top.map(([item, n]) => (n > 1 ? `${item} (${n})` : item)).join(', ')}${more}`,
  ]
}
