import type { ModelManifest } from '../../shared/model-manifest.ts'
import { text, wholeNumber } from '../flags.ts'
import { UsageError } from '../user-error.ts'

/** Flags for what a manifest says of serving. */
export const servingArgs = {
  'max-batch': { type: 'string', description: "Most images in a batch; the pool's setting", valueHint: 'N' },
  'max-delay-ms': {
    type: 'string',
    description: 'How long a free session waits for a batch to fill; 0',
    valueHint: 'MS',
  },
  'preferred-batches': {
    type: 'string',
    description: 'Sizes at which a batch is run at once, as in 4,8',
    valueHint: 'N,N',
  },
  instances: { type: 'string', description: 'Sessions that run at the same time; 1', valueHint: 'N' },
  'target-p99-ms': {
    type: 'string',
    description: 'Steer batches so that 99 of 100 jobs take no longer',
    valueHint: 'MS',
  },
} as const

type Serving = ModelManifest['serving']
const MOST_IMAGES = 1024

/** What was said, by the manifest's names. Throws UsageError, naming the flag, where one is wrong. */
export function parseServing(args: Record<string, unknown>): Partial<Serving> {
  const serving: Partial<Serving> = {}
  const largest = wholeNumber(args, 'max-batch', MOST_IMAGES)
  if (largest !== undefined) serving.max_batch_size = largest
  const delay = milliseconds(args, 'max-delay-ms', 0, 60_000)
  if (delay !== undefined) serving.max_queue_delay_ms = delay
  const preferred = text(args, 'preferred-batches')?.split(',')
  if (preferred !== undefined) serving.preferred_batch_sizes = preferred.map(batchSize)
  const instances = wholeNumber(args, 'instances', 64)
  if (instances !== undefined) serving.instances = instances
  const target = milliseconds(args, 'target-p99-ms', 1, 600_000)
  if (target !== undefined) serving.target_p99_ms = target
  return serving
}

function batchSize(value: string): number {
  return wholeNumber({ 'preferred-batches': value.trim() }, 'preferred-batches', MOST_IMAGES) ?? 1
}

function milliseconds(
  args: Record<string, unknown>,
  flag: string,
  least: number,
  most: number,
): number | undefined {
  const value = text(args, flag)
  if (value === undefined) return undefined
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (!(number >= least && number <= most))
    throw new UsageError(`--${flag} must be ${least} to ${most} milliseconds, not "${value}"`)
  return number
}
