import { isTerminal } from '../../shared/job-state.ts'
import { answerFor } from './chaos-model.ts'
import type { JobRecord, Sighting } from './history.ts'
import type { ChaosSettings } from './settings.ts'

/** Failures that a job may have through no fault of the model or the image: it was lost with a pool too often. */
export const EXHAUSTED = 'attempts-exhausted'

/** How far Redis' milliseconds and ours may be apart, of the same clock. */
const ROUNDING_MS = 5

type Rules = Pick<ChaosSettings, 'resultTtlMs' | 'deadlineMs'>

const hasEnded = ({ status }: Sighting) => status !== 'gone' && isTerminal(status)
const wasGone = ({ status }: Sighting) => status === 'gone'

export function endOf({ sightings }: JobRecord): Sighting | undefined {
  return sightings.find(hasEnded)
}

/** Of a job that no caller knows of, nobody is owed anything. */
export function lostOf(job: JobRecord, { resultTtlMs, deadlineMs }: Rules): string[] {
  const { id, request, sightings } = job
  if (!request) return []
  const end = endOf(job)
  const gone = sightings.find(wasGone)
  const who = `${id} (request ${request.plan.number})`
  if (!end) return [`${who}: never ended; ${gone ? 'it is gone' : `last seen ${sightings.at(-1)?.status}`}`]
  const keptMs = (gone?.toldAt ?? Infinity) - (end.completedAt ?? 0)
  if (keptMs < resultTtlMs - ROUNDING_MS) return [`${who}: gone ${keptMs} ms after its end`]
  if (end.status === 'expired' && !request.plan.hurried)
    return [`${who}: expired, with ${deadlineMs} ms for it`]
  return []
}

export function secondEndsOf({ id, sightings }: JobRecord): string[] {
  const ends = new Map<string, Sighting>()
  for (const end of sightings.filter(hasEnded)) {
    const text = `${end.status} at ${end.completedAt} ${end.outcome}`.trim()
    if (!ends.has(text)) ends.set(text, end)
  }
  const told = [...ends].map(([text, { by }]) => `${text} (${by})`)
  const lines = told.length > 1 ? [`${id}: ${told.join(', then ')}`] : []
  const published = sightings.filter(({ by }) => by === 'channel').length
  if (published > 1) lines.push(`${id}: its end was told ${published} times on its channel`)
  const [first] = sightings.filter(hasEnded)
  const back = sightings.find((later) => isTakenBack(later, first))
  if (back) lines.push(`${id}: ${first?.status} at first, and ${back.status} later (${back.by})`)
  return lines
}

/** `gone` is judged by how long a result is kept. */
function isTakenBack(later: Sighting, end: Sighting | undefined): boolean {
  return end !== undefined && later.askedAt > end.toldAt && !hasEnded(later) && !wasGone(later)
}

export function wrongOf(job: JobRecord): string[] {
  const { id, request } = job
  const end = endOf(job)
  if (!end || !request) return []
  const why = whatIsWrong(end, job)
  return why === undefined ? [] : [`${id} (request ${request.plan.number}): ${why}`]
}

function whatIsWrong(end: Sighting, { request }: JobRecord): string | undefined {
  switch (end.status) {
    case 'succeeded': {
      const expected = answerFor(request?.plan.colour ?? [0, 0, 0])
      return end.outcome === expected ? undefined : `answered ${end.outcome}, which should be ${expected}`
    }
    case 'failed':
      return end.outcome === EXHAUSTED ? undefined : `failed: ${end.outcome}`
    case 'canceled':
      return request?.askedToCancel ? undefined : 'canceled by nobody'
    default:
      return end.toldAt + ROUNDING_MS < (end.completedAt ?? 0) ? 'expired before its deadline' : undefined
  }
}
