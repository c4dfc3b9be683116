import type { Caller } from './access.ts'
import type { AnswerFormat } from './answer-format.ts'
import type { CommandLine } from './command.ts'
import { answerTooLarge, errorJson, outcomeJson, PipelineJson } from './json-answer.ts'
import { runOne, runPipeline, runRaw, runTransaction } from './run-commands.ts'

/** What commands came to, as the client is to get it. */
export interface Answer {
  status: 200 | 400
  body: string | Buffer<ArrayBuffer>
  commands: readonly CommandLine[]
  /** Places of the commands that failed. */
  failed: readonly number[]
}

/**
 * Runs one command. `max`: bytes of the answer, beyond which it is an error. Throws RedisAway, or CommandError if the answer is
 * too large.
 */
export async function answerOne(
  caller: Caller,
  command: CommandLine,
  format: AnswerFormat,
  max: number,
): Promise<Answer> {
  const commands = [command]
  if (format === 'resp2') return answerRaw(caller, commands, max)
  const outcome = await runOne(caller, command)
  const body = outcomeJson(outcome, format)
  if (body.length > max) throw answerTooLarge(body.length, max)
  return 'error' in outcome
    ? { status: 400, body, commands, failed: [0] }
    : { status: 200, body, commands, failed: [] }
}

/** Runs commands of which each succeeds or fails by itself. `max` and errors as those of answerOne. */
export async function answerPipeline(
  caller: Caller,
  commands: readonly CommandLine[],
  format: AnswerFormat,
  max: number,
): Promise<Answer> {
  if (format === 'resp2') return { ...(await answerRaw(caller, commands, max)), status: 200 }
  const json = new PipelineJson(format, max)
  const failed: number[] = []
  await runPipeline(caller, commands, (outcome, index) => {
    if ('error' in outcome) failed.push(index)
    json.take(outcome, index)
  })
  return { status: 200, body: json.text(), commands, failed }
}

/** Runs commands as a transaction; if that is discarded, it is one error. Always JSON, as at Upstash. `max` and errors as those of answerOne. */
export async function answerTransaction(
  caller: Caller,
  commands: readonly CommandLine[],
  format: AnswerFormat,
  max: number,
): Promise<Answer> {
  const outcomes = await runTransaction(caller, commands)
  if (!Array.isArray(outcomes)) {
    return { status: 400, body: errorJson(outcomes.error), commands, failed: [...commands.keys()] }
  }
  const json = new PipelineJson(format === 'base64' ? format : 'utf8', max)
  const failed: number[] = []
  for (const [index, outcome] of outcomes.entries()) {
    if ('error' in outcome) failed.push(index)
    json.take(outcome, index)
  }
  return { status: 200, body: json.text(), commands, failed }
}

const MINUS = 0x2d

async function answerRaw(caller: Caller, commands: readonly CommandLine[], max: number): Promise<Answer> {
  const replies = await runRaw(caller, commands, max)
  const failed = [...replies.keys()].filter((index) => replies[index]?.[0] === MINUS)
  return { status: failed.length > 0 ? 400 : 200, body: Buffer.concat(replies), commands, failed }
}
