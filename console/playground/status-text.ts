import { duration, share } from '../design/format.ts'
import { isOver, type Photo } from './photo.ts'

/** Where a photo is, in a line. `now`: in ms, for what is counted down. */
export function statusText(photo: Photo, now: number): string {
  if (isOver(photo)) return outcomeOf(photo)
  const line = pendingText(photo, now)
  return photo.reconnecting ? `${line} · reconnecting` : line
}

function pendingText({ state, sent, job, problem, retryAt = 0 }: Photo, now: number): string {
  switch (state) {
    case 'waiting':
      return 'Waiting to be sent'
    case 'uploading':
      return sent < 1 ? `Uploading, ${Math.floor(sent * 100)}%` : 'Checked and decoded'
    case 'held':
      return `${problem?.title ?? 'Refused'}: tries again in ${Math.max(0, Math.ceil((retryAt - now) / 1_000))} s`
    case 'processing':
      return 'Processing'
    default:
      return ['Queued', ...placeOf(job)].join(' · ')
  }
}

function placeOf(job: Photo['job']): string[] {
  const { queue_position: position, eta_seconds: eta } = job ?? {}
  return [
    ...(position ? [`place ${position}`] : []),
    ...(typeof eta === 'number' ? [`about ${duration(Math.max(1, eta) * 1_000)}`] : []),
  ]
}

/** What became of a photo that is over, in a few words. */
export function outcomeOf({ state, job, problem, tookMs }: Photo): string {
  switch (state) {
    case 'succeeded':
      return [bestOf(job), tookMs === undefined ? undefined : `in ${duration(tookMs)}`]
        .filter(Boolean)
        .join(' ')
    case 'canceled':
      return 'Canceled'
    case 'refused':
      return problem?.title ?? 'Refused'
    case 'lost':
      return 'Lost sight of it'
    default:
      return job?.error?.title ?? 'Failed'
  }
}

function bestOf(job: Photo['job']): string {
  const [best] = job?.predictions ?? []
  return best ? `${best.label}, ${share(best.probability)},` : 'Done'
}
