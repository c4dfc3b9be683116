import { CallFailure } from './call-failure.ts'
import type { EdgeAnswer } from './edge-client.ts'

/** The JSON of an answer that has one of these statuses. Throws CallFailure for any other. */
export function expectStatus<T>(answer: EdgeAnswer, ...expected: number[]): T {
  const { status, text } = answer
  if (expected.includes(status)) return JSON.parse(text) as T
  const code = problemCode(text)
  if (status === 429 || status === 503) {
    const retryAfter = answer.header('retry-after')
    const retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter)
    throw new CallFailure('refused', code, { code, retryAfterSeconds })
  }
  throw new CallFailure(status >= 500 ? 'server-error' : 'wrong', `${status} ${code}`)
}

/** The same of a job that was accepted: that it is not known any more is no mistake of the caller's. */
export function expectKnown<T>(answer: EdgeAnswer, ...expected: number[]): T {
  if (answer.status === 404 || answer.status === 410)
    throw new CallFailure('lost', `${answer.status} ${problemCode(answer.text)}`)
  return expectStatus(answer, ...expected)
}

/** Throws CallFailure 'wrong' unless it holds. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new CallFailure('wrong', otherwise)
}

export function problemCode(text: string): string {
  try {
    const { code } = JSON.parse(text) as { code?: unknown }
    return typeof code === 'string' ? code : 'no problem+json'
  } catch {
    return 'no JSON'
  }
}
