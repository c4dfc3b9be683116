import { JOIN_WITHIN_MS } from '../../../../shared/job-lifetime.ts'
import type { Priority } from '../../../../shared/priority.ts'
import { QUEUE_GROUP } from '../../../../shared/redis-keys.ts'
import { MODEL, QUEUE } from '../../queue.ts'
import type { History } from '../history.ts'
import { forgetAll, forgetQueue, passDeadline } from '../model/misfortunes.ts'
import type { ModelJob } from '../model/queue-model.ts'
import { passDeadlineScript } from '../passed-deadline.ts'

export async function passDeadlineOf(history: History, job: ModelJob): Promise<void> {
  const { keys, connections, model } = history
  const expired = passDeadline(model, job)
  const key = keys.job(MODEL, job.id)
  const input = expired ? keys.input(MODEL, expired.id) : key
  const queue = keys.queue(QUEUE, job.priority)
  await connections.tcp.run(passDeadlineScript, [key, queue, input], [job.entry?.id ?? '', QUEUE_GROUP])
  if (job.followers.length > 0) history.saw('deadline: of a job that is followed')
}

/** It is too old to be joined from now on. */
export async function growOld({ keys, connections }: History, job: ModelJob): Promise<void> {
  await connections.redis.hincrby(keys.job(MODEL, job.id), 'created_at', -2 * JOIN_WITHIN_MS)
}

export async function deleteHash({ keys, connections, facts }: History, job: ModelJob): Promise<void> {
  await connections.redis.del(keys.job(MODEL, job.id))
  job.exists = false
  facts.forgotten.add(job.id)
}

export async function deleteInput({ keys, connections, facts }: History, job: ModelJob): Promise<void> {
  await connections.redis.del(keys.input(MODEL, job.id))
  job.hasInput = false
  facts.inputsLost.add(job.submission.job.payload)
}

export async function deleteQueue(history: History, priority: Priority): Promise<void> {
  const { keys, connections, facts, model } = history
  await untilNextMillisecond(history)
  await connections.redis.del(keys.queue(QUEUE, priority))
  for (const { id } of model.queues[priority].entries) facts.cutOff.add(id)
  forgetQueue(model, priority)
}

/** As a Redis that was restarted: it keeps nothing on disk. */
export async function deleteAll(history: History): Promise<void> {
  const { connections, facts, model, snapshot } = history
  await untilNextMillisecond(history)
  const keys = [...(snapshot?.ttls.keys() ?? [])]
  if (keys.length > 0) await connections.redis.del(keys)
  for (const { id } of model.jobs) facts.forgotten.add(id)
  for (const { id } of model.entries) facts.cutOff.add(id)
  forgetAll(model)
}

/** A stream that is made anew knows nothing of the ids that were given before: within a millisecond it would give them again. */
async function untilNextMillisecond({ connections }: History): Promise<void> {
  const millisecond = async () => {
    const [seconds, microseconds] = await connections.redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }
  const now = await millisecond()
  while ((await millisecond()) === now);
}
