import assert from 'node:assert/strict'
import { PRIORITIES } from '../../../shared/priority.ts'
import { QUEUE } from '../queue.ts'
import type { History } from './history.ts'
import type { ModelJob } from './model/queue-model.ts'
import type { Snapshot } from './snapshot.ts'

const { model: MODEL } = QUEUE

/** Throws where Redis holds something else than the model. */
export function expectAsModelled(
  history: History,
  snapshot: Snapshot,
  told: ReadonlyMap<string, string[]>,
): void {
  const { model, keys } = history
  assert.deepEqual(realQueues(history, snapshot), modelledQueues(history), 'entries of the queues')
  for (const [i, job] of model.jobs.entries()) {
    const real = realJob(history, snapshot, job)
    assert.deepEqual(real, job.exists ? modelledJob(job) : undefined, `job ${i}`)
    const hasInput = snapshot.strings.has(keys.input(MODEL, job.id))
    assert.equal(hasInput, job.hasInput, `whether the input of job ${i} is there`)
    const followers = snapshot.lists.get(keys.followers(MODEL, job.id)) ?? []
    if (job.exists)
      assert.deepEqual(
        followers,
        job.followers.map(({ id }) => id),
        `followers of job ${i}`,
      )
    assert.equal(told.get(keys.done(MODEL, job.id))?.length ?? 0, job.told, `how often job ${i} was told of`)
  }
  for (const [digest, { id }] of model.cache)
    assert.equal(snapshot.strings.get(keys.cache(MODEL, digest)), id, `whose result is that of ${digest}`)
  const letters = snapshot.streams.get(keys.dead(MODEL))?.entries ?? []
  assert.deepEqual(
    letters.map(({ fields }) => fields.job),
    model.letters.map(({ id }) => id),
    'dead letters',
  )
}

function realQueues({ keys }: History, { streams }: Snapshot) {
  return PRIORITIES.map((priority) => {
    const stream = streams.get(keys.queue(QUEUE, priority))
    const entries = stream?.entries.map(({ id, fields, owner }) => [id, fields.job, owner]) ?? []
    return { hasGroup: stream?.hasGroup ?? false, entries }
  })
}

function modelledQueues({ model }: History) {
  return PRIORITIES.map((priority) => {
    const { entries, hasGroup } = model.queues[priority]
    return { hasGroup, entries: entries.map(({ id, job, owner }) => [id, job.id, owner]) }
  })
}

function realJob({ keys }: History, { hashes }: Snapshot, { id }: ModelJob) {
  const stored = hashes.get(keys.job(MODEL, id))
  if (!stored) return undefined
  const { status, attempt, lost = '0', alone, pool, entry, follows, error, predictions } = stored
  const label = predictions && (JSON.parse(predictions) as { label: string }[])[0]?.label
  return { status, attempt, lost, alone: alone === '1', pool, entry, follows, error, label }
}

function modelledJob({ status, attempt, lost, alone, pool, entry, follows, error, label }: ModelJob) {
  return {
    ...{ status, attempt: String(attempt), lost: String(lost), alone, pool, entry: entry?.id },
    ...{ follows: follows?.id, error, label },
  }
}
