import assert from 'node:assert/strict'
import { isTerminal, type JobStatus } from '../../../shared/job-state.ts'
import { PRIORITIES, type Priority } from '../../../shared/priority.ts'
import { QUEUE } from '../queue.ts'
import type { History } from './history.ts'
import type { ModelJob } from './model/queue-model.ts'
import type { Snapshot, StreamContent, StreamEntry } from './snapshot.ts'

const { model: MODEL } = QUEUE

/** What must hold of queues, entries and keys, whatever the model says. */
export class QueueInvariants {
  readonly #history: History

  constructor(history: History) {
    this.#history = history
  }

  check(snapshot: Snapshot): void {
    for (const [key, ttl] of snapshot.ttls) assert.ok(ttl >= 0, `${key} never expires`)
    const entries = new Map<string, StreamEntry & { queue: Priority }>()
    for (const queue of PRIORITIES) {
      const stream = snapshot.streams.get(this.#history.keys.queue(QUEUE, queue))
      if (!stream) continue
      this.#expectSoundStream(queue, stream)
      for (const entry of stream.entries) {
        const { job = '' } = entry.fields
        assert.ok(!entries.has(job), `there are two entries of ${job}`)
        entries.set(job, { ...entry, queue })
      }
    }
    this.#expectNeeded(snapshot, entries)
    for (const [i, job] of this.#history.model.jobs.entries())
      this.#expectReachable(`job ${i}`, job, snapshot, entries)
  }

  /** Each entry is pending, or to be handed out; and its bytes are counted. */
  #expectSoundStream(
    queue: Priority,
    { entries, strays, hasGroup, lastDelivered, bytes }: StreamContent,
  ): void {
    assert.deepEqual(strays, [], `${queue}: pending entries that are not there`)
    for (const { id, owner } of entries)
      if (hasGroup && owner === undefined)
        assert.ok(isLater(id, lastDelivered), `${queue}: ${id} is neither pending nor to be handed out`)
    assert.ok(bytes >= 0, `${queue}: ${bytes} bytes`)
    const [first, last] = [entries[0], entries.at(-1)]
    const noneLeftBetween = Number(last?.fields.nth) - Number(first?.fields.nth) === entries.length - 1
    const { jobs } = this.#history.model
    const bytesOf = (id = '') => jobs.find((job) => job.id === id)?.submission.job.payload.length ?? 0
    const sum = entries.reduce((all, { fields }) => all + bytesOf(fields.job), 0)
    if (noneLeftBetween) assert.equal(bytes, sum, `${queue}: bytes`)
  }

  /** Entries are of jobs that are still to end. */
  #expectNeeded({ hashes }: Snapshot, entries: ReadonlyMap<string, StreamEntry & { queue: Priority }>): void {
    for (const [id, entry] of entries) {
      const stored = hashes.get(this.#history.keys.job(MODEL, id))
      if (!stored) continue
      assert.ok(!isTerminal(stored.status as JobStatus), `${id} has ended, and its entry stays`)
      assert.equal(entry.id, stored.entry, `the entry of ${id}`)
      assert.equal(entry.queue, stored.priority, `the queue of ${id}`)
      if (stored.status === 'processing')
        assert.equal(entry.owner, stored.pool, `who has the lease of ${id}, which is being processed`)
    }
  }

  /** A job that is to be run is in a queue, or follows one that is; and all that it needs is kept as long. */
  #expectReachable(
    what: string,
    job: ModelJob,
    snapshot: Snapshot,
    entries: ReadonlyMap<string, StreamEntry>,
  ): void {
    const { keys, facts } = this.#history
    const stored = snapshot.hashes.get(keys.job(MODEL, job.id))
    if (!stored || isTerminal(stored.status as JobStatus) || job.deadlinePassed) return
    const lives = (key: string) =>
      assert.ok(
        (snapshot.ttls.get(key) ?? -1) >= job.deadline - snapshot.now,
        `${key} expires before ${what}`,
      )
    lives(keys.job(MODEL, job.id))
    const runs = stored.follows ?? job.id
    const leader = snapshot.hashes.get(keys.job(MODEL, runs))
    if (facts.forgotten.has(runs) || facts.cutOff.has(leader?.entry ?? '')) return
    assert.ok(leader && !isTerminal(leader.status as JobStatus), `${what} follows a job that has ended`)
    const entry = entries.get(runs)
    assert.ok(entry, `${what} is in no queue`)
    lives(keys.queue(QUEUE, leader.priority as Priority))
    if (stored.follows === undefined) return
    assert.equal(leader.follows, undefined, `${what} follows one that follows`)
    const followers = snapshot.lists.get(keys.followers(MODEL, runs)) ?? []
    assert.equal(followers.filter((id) => id === job.id).length, 1, `${what} is forgotten by its leader`)
    lives(keys.followers(MODEL, runs))
    if (!facts.inputsLost.has(job.submission.job.payload)) lives(keys.input(MODEL, runs))
  }
}

/** Of two entry ids, `<ms>-<number>`. */
function isLater(id: string, than: string): boolean {
  const [ms = 0, number = 0] = id.split('-').map(Number)
  const [thanMs = 0, thanNumber = 0] = than.split('-').map(Number)
  return ms > thanMs || (ms === thanMs && number > thanNumber)
}
