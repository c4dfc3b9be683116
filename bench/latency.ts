import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../local-stack/project-root.ts'
import { type Stack, startStack } from '../local-stack/stack.ts'
import type { PublicJob } from '../shared/public-job.ts'
import { type BenchSetup, poolSettings } from './bench-setup.ts'
import type { Row } from './report.ts'
import { runBareLoop } from './run-bare-loop.ts'
import { percentile } from './statistics.ts'

const PHOTO = 'cat.jpg'
/** At the start of every block, of either side; they are not counted. */
const WARM_UP = 10
const PERCENTILES = [50, 95]

/**
 * Where the time of one request went, in milliseconds. The bench and Redis read the same clock (one machine), whole
 * milliseconds; `totalMs` and `runMs` are measured finer, so the parts may be a millisecond off the whole.
 */
interface Answer {
  totalMs: number
  /** Upload, decoding, resizing, and the way into the queue. */
  beforeMs: number
  /** The job's own `queue_ms` and `predict_ms`. */
  queueMs: number
  runMs: number
  /** Between claim and result, but not in ONNX Runtime: fetching the input, storing the result. */
  aroundRunMs: number
  /** From the stored result until the answer is here: the edge notices, answers. */
  afterMs: number
}

/** POST /predict through the whole local stack, one at a time, and session.run on one image, in alternating blocks. */
export async function measureLatency(setup: BenchSetup, blocks: number, requests: number): Promise<Row[]> {
  const photo = new Blob([await readFile(join(PROJECT_ROOT, 'examples', PHOTO))], { type: 'image/jpeg' })
  setup.onProgress('latency: starting the local stack')
  const { folder, env } = setup
  const stack = await startStack({
    folder,
    edgePort: 0,
    edgeRuntime: 'workerd',
    pools: 1,
    env,
    edgeBindings: { ALLOW_ANONYMOUS: 'true', CACHE_TTL_SECONDS: '0' },
    poolEnv: poolSettings(setup, 32),
  })
  const bare: number[] = []
  const answers: Answer[] = []
  try {
    for (let block = 1; block <= blocks; block++) {
      const count = shareOf(requests, block, blocks)
      bare.push(...(await runBareLoop(setup, { batchSize: 1, warmUpRuns: WARM_UP, runs: count })))
      answers.push(...(await measureBlock(stack, photo, count, setup.signal)))
      setup.onProgress(`latency ${block}/${blocks}: ${answers.length} of ${requests} requests`)
    }
  } finally {
    await stack.stop()
  }
  return toRows(bare, answers)
}

/** `total` split into `parts` as equally as whole numbers allow; `part` from 1. */
function shareOf(total: number, part: number, parts: number): number {
  return Math.floor((total * part) / parts) - Math.floor((total * (part - 1)) / parts)
}

async function measureBlock(
  stack: Stack,
  photo: Blob,
  count: number,
  signal: AbortSignal,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let i = 0; i < WARM_UP + count; i++) answers.push(await predict(stack.edge.url, photo, signal))
  return answers.slice(WARM_UP)
}

async function predict(edgeUrl: string, photo: Blob, signal: AbortSignal): Promise<Answer> {
  const body = new FormData()
  body.append('image', photo, PHOTO)
  const sentAt = Date.now()
  const begin = performance.now()
  const response = await fetch(`${edgeUrl}/predict`, { method: 'POST', body, signal })
  const text = await response.text()
  const totalMs = performance.now() - begin
  const answeredAt = Date.now()
  if (response.status !== 200) throw new Error(`POST /predict: ${response.status} ${text.slice(0, 500)}`)
  const job = JSON.parse(text) as PublicJob
  if (job.status !== 'succeeded')
    throw new Error(`POST /predict: the job ${job.status}: ${text.slice(0, 500)}`)
  return { totalMs, ...splitTime(job, sentAt, answeredAt) }
}

function splitTime(job: PublicJob, sentAt: number, answeredAt: number): Omit<Answer, 'totalMs'> {
  const startedAt = Date.parse(job.started_at ?? '')
  const completedAt = Date.parse(job.completed_at ?? '')
  const runMs = job.metrics.predict_ms ?? 0
  return {
    beforeMs: Date.parse(job.created_at) - sentAt,
    queueMs: job.metrics.queue_ms ?? 0,
    runMs,
    aroundRunMs: completedAt - startedAt - runMs,
    afterMs: answeredAt - completedAt,
  }
}

function toRows(bare: number[], answers: Answer[]): Row[] {
  const rowsOf = (metric: string, values: number[], references?: number[]) =>
    PERCENTILES.map((p): Row => {
      const value = percentile(values, p)
      const reference = references ? percentile(references, p) : null
      const ratio = reference === null ? null : value / reference
      return {
        case: 'latency, one at a time',
        metric: `${metric}, p${p}`,
        value,
        unit: 'ms',
        reference,
        ratio,
      }
    })
  const part = (name: keyof Answer) => answers.map((answer) => answer[name])
  return [
    ...rowsOf('bare ONNX Runtime, one image', bare),
    ...rowsOf('POST /predict', part('totalMs'), bare),
    ...rowsOf('  upload, decode, resize, enqueue', part('beforeMs')),
    ...rowsOf('  queue_ms', part('queueMs')),
    ...rowsOf('  predict_ms', part('runMs'), bare),
    ...rowsOf('  input fetched, result stored', part('aroundRunMs')),
    ...rowsOf('  result noticed, answered', part('afterMs')),
  ]
}
