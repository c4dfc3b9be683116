import type { JobOutput } from './job.ts'
import { readJobInput } from './job-input.ts'
import type { ClaimedJob, HandedOut, JobResult } from './job-queue.ts'
import { PRIORITIES, type Priority } from './priority.ts'
import type { RedisReply, ScriptArgument } from './redis-commands.ts'

/** How the pool's scripts are told of jobs, and tell of them. */

/** By which scripts know a version's queues: from 1, most urgent first. */
export function queueNumber(priority: Priority): number {
  return PRIORITIES.indexOf(priority) + 1
}

/** What the claim script says of an entry; undefined if it is not claimed. */
export function claimedJob(handedOut: HandedOut, claim: RedisReply[]): ClaimedJob | undefined {
  const [attempt, claimedAt, deadline, webhook, createdAt, requestId, traceparent, ...inputFields] = claim
  if (typeof attempt !== 'number') return undefined
  return {
    ...handedOut,
    attempt,
    createdAt: Number(createdAt),
    claimedAt: Number(claimedAt),
    deadline: Number(deadline),
    hasWebhook: webhook === 1,
    requestId: String(requestId ?? ''),
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    input: readJobInput(inputFields),
  }
}

/** What the settle script is told of a result: field, value, field, value. */
export function resultFields(result: JobResult): ScriptArgument[] {
  if (result.status === 'failed') return ['error', result.code]
  const { modelVersion, output, predictMs, batchSize } = result
  return [
    'model_version',
    modelVersion,
    output.kind,
    JSON.stringify(resultOf(output)),
    'predict_ms',
    predictMs.toFixed(3),
    'batch_size',
    batchSize,
  ]
}

/** What the job hash holds in the field named after the output's kind. */
function resultOf(output: JobOutput): unknown {
  switch (output.kind) {
    case 'predictions':
      return output.predictions
    case 'embedding':
      return output.embedding
    case 'tensors':
      return output.tensors
  }
}
