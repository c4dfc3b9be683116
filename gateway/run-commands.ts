import type { Caller } from './access.ts'
import { type CommandLine, refusalOf } from './command.ts'
import { answerTooLarge } from './json-answer.ts'
import { readOnlyRefusal } from './read-only-rule.ts'
import type { Outcome } from './redis.ts'
import { resp2Of } from './resp2.ts'
import { translated } from './upstash-commands.ts'

/**
 * Runs commands for a caller, in order; others' may run in between. `take` gets each one's outcome with its index, most often in order. One that
 * is refused does not keep the others from running. Throws RedisAway.
 */
export async function runPipeline(
  caller: Caller,
  commands: readonly CommandLine[],
  take: (outcome: Outcome, index: number) => void,
): Promise<void> {
  const refusal = await refusalsFor(caller)
  const plans = commands.map((command) => {
    const error = refusal(command)
    return error === undefined ? translated(command) : { error }
  })
  const sent = caller.redis.send(plans.flatMap((plan) => ('error' in plan ? [] : [plan.command])))
  let next = 0
  const taking = plans.map(async (plan, index) => {
    if ('error' in plan) return take(plan, index)
    const outcome = await (sent[next++] as Promise<Outcome>)
    take(plan.finish ? await plan.finish(outcome, caller.redis) : outcome, index)
  })
  await Promise.all(taking)
}

/** Runs one command for a caller. Throws RedisAway. */
export async function runOne(caller: Caller, command: CommandLine): Promise<Outcome> {
  const error = caller.readOnly ? (await refusalsFor(caller))(command) : refusalOf(command)
  if (error !== undefined) return { error }
  const { command: sent, finish } = translated(command)
  const outcome = await (caller.redis.send([sent])[0] as Promise<Outcome>)
  return finish ? finish(outcome, caller.redis) : outcome
}

/** Runs commands as one transaction, or none of them if one is refused: then the result is that error. Throws RedisAway. */
export async function runTransaction(
  caller: Caller,
  commands: readonly CommandLine[],
): Promise<Outcome[] | { error: string }> {
  const refusal = await refusalsFor(caller)
  for (const command of commands) {
    const error = refusal(command)
    if (error !== undefined) return { error }
  }
  const plans = commands.map(translated)
  const outcomes = await caller.redis.multi(plans.map(({ command }) => command))
  if (!Array.isArray(outcomes)) return outcomes
  const finishing = outcomes.map((outcome, i) => plans[i]?.finish?.(outcome, caller.redis) ?? outcome)
  return Promise.all(finishing)
}

/**
 * Runs commands one after another. The result is Redis' own bytes for each. Throws RedisAway, or CommandError once there are more bytes
 * than `max`: what comes after is not run.
 */
export async function runRaw(
  caller: Caller,
  commands: readonly CommandLine[],
  max: number,
): Promise<Buffer[]> {
  const refusal = await refusalsFor(caller)
  const replies: Buffer[] = []
  let bytes = 0
  for (const command of commands) {
    const error = refusal(command)
    const reply = error === undefined ? await rawReply(caller, command) : resp2Of({ error })
    bytes += reply.length
    if (bytes > max) throw answerTooLarge(bytes, max)
    replies.push(reply)
  }
  return replies
}

async function rawReply({ redis }: Caller, command: CommandLine): Promise<Buffer> {
  const { command: sent, finish } = translated(command)
  if (!finish) return redis.raw(sent)
  const [outcome] = await Promise.all(redis.send([sent]))
  return resp2Of(await finish(outcome as Outcome, redis))
}

/** Says of a command why the caller may not run it; undefined if he may. Redis has more to say, by its user's rights. */
async function refusalsFor({
  readOnly,
  redis,
}: Caller): Promise<(command: CommandLine) => string | undefined> {
  if (!readOnly) return refusalOf
  const table = await redis.commandTable()
  return (command) => refusalOf(command) ?? readOnlyRefusal(command, table)
}
