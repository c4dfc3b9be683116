import type { Row } from '../../bench/report.ts'
import { idsOf, OFFENCES } from './checker.ts'
import { FAULT_KINDS } from './fault-plan.ts'
import { EXHAUSTED, endOf } from './job-checks.ts'
import type { ChaosRun } from './run.ts'

/** What happened, as figures. Those of the first case must be 0. */
export function figuresOf(run: ChaosRun): Row[] {
  return [...verdictRows(run), ...requestRows(run), ...jobRows(run), ...faultRows(run), ...keyRows(run)]
}

function count(name: string, metric: string, value: number, reference: number | null = null): Row {
  return { case: name, metric, value, unit: '', reference, ratio: null }
}

function verdictRows({ verdict }: ChaosRun): Row[] {
  return OFFENCES.map((offence) => count('must be 0', offence, verdict[offence].length, 0))
}

function requestRows({ history, loadMs }: ChaosRun): Row[] {
  const { requests } = history
  const calls = requests.flatMap(({ calls }) => calls)
  const answers = Map.groupBy(calls, ({ status, code, id }) =>
    status === null ? `no answer (${code})` : `${status}${id === undefined ? ` ${code}` : ''}`,
  )
  const accepted = requests.filter((request) => idsOf(request).size > 0)
  const repeated = accepted.filter(({ calls }) => calls.filter(({ id }) => id !== undefined).length > 1)
  return [
    count('requests', 'made', requests.length),
    count('requests', 'accepted', accepted.length),
    count('requests', 'accepted more than once', repeated.length),
    count('requests', 'asked to cancel', requests.filter(({ askedToCancel }) => askedToCancel).length),
    count('requests', 'a second', requests.length / (loadMs / 1000)),
    ...[...answers].sort().map(([answer, those]) => count('calls', answer, those.length)),
    ...['miss', 'join', 'hit'].map((cache) =>
      count('calls', `X-Cache: ${cache}`, calls.filter((call) => call.cache === cache).length),
    ),
  ]
}

function jobRows({ history }: ChaosRun): Row[] {
  const jobs = [...history.jobs.values()]
  const known = jobs.filter(({ request }) => request !== undefined)
  const ends = Map.groupBy(known, (job) => {
    const end = endOf(job)
    if (!end) return 'never ended'
    return end.status === 'failed' ? `failed (${end.outcome})` : end.status
  })
  const told = jobs.filter(({ sightings }) => sightings.some(({ by }) => by === 'channel'))
  const again = known.filter(({ sightings }) => sightings.some(({ attempts }) => attempts > 1))
  const exhausted = `failed (${EXHAUSTED})`
  if (!ends.has(exhausted)) ends.set(exhausted, [])
  return [
    count('jobs', 'with an id that a caller has', known.length),
    ...[...ends].sort().map(([end, those]) => count('jobs', end, those.length)),
    count('jobs', 'begun more than once', again.length),
    count('jobs', 'ends told on channels', told.length),
    count('jobs', 'known by their channel alone', jobs.length - known.length),
  ]
}

function faultRows({ faults, endings }: ChaosRun): Row[] {
  return [
    ...FAULT_KINDS.map((kind) => count('faults', kind, faults.begun.get(kind) ?? 0)),
    count('faults', 'jobs in hands of killed pools', faults.heldWhenKilled),
    count('faults', 'connections cut', faults.connectionsCut),
    count('faults', 'processes that ended by themselves', endings.length),
  ]
}

function keyRows({ keys }: ChaosRun): Row[] {
  return [
    count('keys', 'gone by themselves, waited for', keys.gone),
    count('keys', 'going by their TTL', keys.byTtl),
  ]
}
