import type { Photo } from './photo.ts'

export interface TimedPart {
  name: string
  /** In a few words, for who does not know the name. */
  meaning: string
  ms: number
}

/** Where the time of a job that has ended went, in order: at the edge, in the queue, in the model. What was not measured is left out. */
export function timeSplit({ serverTiming = {}, job }: Photo): TimedPart[] {
  const metrics = job?.metrics
  const parts: [name: string, meaning: string, ms: number | null | undefined][] = [
    ['Validate', 'request checked', serverTiming.validate],
    ['Decode', 'photo made the model’s input', serverTiming.decode],
    ['Enqueue', 'handed to the queue', serverTiming.enqueue],
    ['Queue', 'waited for a batch', metrics?.queue_ms],
    ['Predict', 'the model ran', metrics?.predict_ms],
  ]
  return parts.flatMap(([name, meaning, ms]) => (typeof ms === 'number' ? [{ name, meaning, ms }] : []))
}
