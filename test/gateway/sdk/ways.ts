import type { Redis, RedisConfigNodejs } from '@upstash/redis'
import type { Call } from './calls.ts'

/** What a call came to. `asked` tells which it was where two differ. */
export interface Told {
  asked: string
  answer?: unknown
  error?: string
}

/** One of the ways in which Upstash's client sends its commands. */
export interface Way {
  name: string
  options: Partial<RedisConfigNodejs>
  takes: (call: Call) => boolean
  send: (redis: Redis, calls: readonly Call[]) => Promise<Told[]>
}

const EACH = { takes: () => true, send: oneByOne }
const PIPELINE: Pick<Way, 'takes' | 'send'> = {
  takes: ({ alone }) => !alone,
  send: (redis, calls) => together(redis.pipeline(), calls),
}
const TRANSACTION: Pick<Way, 'takes' | 'send'> = {
  takes: ({ alone }) => !alone,
  send: (redis, calls) => together(redis.multi(), calls),
}
const NO_BASE64 = { responseEncoding: false } as const

export const WAYS: Way[] = [
  { name: 'one by one', options: { enableAutoPipelining: false }, ...EACH },
  { name: 'one by one, without base64', options: { enableAutoPipelining: false, ...NO_BASE64 }, ...EACH },
  {
    name: 'by the auto-pipeline',
    options: { enableAutoPipelining: true },
    takes: ({ explicit }) => !explicit,
    send: oneByOne,
  },
  { name: 'in a pipeline', options: {}, ...PIPELINE },
  { name: 'in a pipeline, without base64', options: NO_BASE64, ...PIPELINE },
  { name: 'in a transaction', options: {}, ...TRANSACTION },
]

async function oneByOne(redis: Redis, calls: readonly Call[]): Promise<Told[]> {
  const all: Told[] = []
  for (const call of calls) {
    try {
      all.push(told(call, await call.run(redis)))
    } catch (error) {
      all.push(toldError(call, (error as Error).message))
    }
  }
  return all
}

async function together(batch: ReturnType<Redis['pipeline']>, calls: readonly Call[]): Promise<Told[]> {
  // The same methods, but for what they return.
  for (const call of calls) call.run(batch as unknown as Redis)
  const outcomes = (await batch.exec({ keepErrors: true })) as { result: unknown; error?: string }[]
  return outcomes.map(({ result, error }, i) => {
    const call = calls[i] as Call
    return error === undefined ? told(call, result) : toldError(call, error)
  })
}

function told({ run, told: summary }: Call, answer: unknown): Told {
  return { asked: String(run), answer: summary ? summary(answer as never) : answer }
}

/** In the words of Redis: the client adds what it asked, and how. */
function toldError({ run }: Call, message: string): Told {
  const error = message.replace(/^Command failed: /, '').replace(/, command was: .*$/s, '')
  return { asked: String(run), error }
}
