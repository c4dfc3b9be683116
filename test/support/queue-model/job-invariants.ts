import assert from 'node:assert/strict'
import { isTerminal, type JobStatus } from '../../../shared/job-state.ts'
import { QUEUE } from '../queue.ts'
import type { History } from './history.ts'
import type { ModelJob } from './model/queue-model.ts'
import type { Snapshot } from './snapshot.ts'

type Stored = Record<string, string>

const { model: MODEL } = QUEUE

/** What must hold of each job, whatever the model says. */
export class JobInvariants {
  readonly #history: History
  readonly #before = new Map<ModelJob, Stored>()

  constructor(history: History) {
    this.#history = history
  }

  check(snapshot: Snapshot, told: ReadonlyMap<string, string[]>): void {
    const { model, keys } = this.#history
    for (const [i, job] of model.jobs.entries()) {
      const stored = snapshot.hashes.get(keys.job(MODEL, job.id))
      if (!stored) continue
      const what = `job ${i}`
      this.#expectProgress(what, job, stored)
      const messages = told.get(keys.done(MODEL, job.id)) ?? []
      assert.ok(messages.length <= 1, `${what} has ended more than once`)
      if (isTerminal(stored.status as JobStatus)) this.#expectGoodEnd(what, job, stored, messages)
      else assert.deepEqual(messages, [], `${what} was told of before its end`)
      this.#expectInput(what, job, stored, snapshot)
      if (job.submission.job.webhook) this.#expectDue(what, job, stored, snapshot)
    }
  }

  #expectProgress(what: string, job: ModelJob, stored: Stored): void {
    const before = this.#before.get(job)
    this.#before.set(job, stored)
    const { lost = '0' } = stored
    assert.ok(Number(lost) <= this.#history.model.settings.maxAttempts, `${what} has lost too many attempts`)
    if (!before) return
    if (isTerminal(before.status as JobStatus))
      assert.deepEqual(stored, before, `${what} has changed after its end`)
    assert.ok(Number(stored.attempt) >= Number(before.attempt), `the attempt of ${what} has fallen`)
    assert.ok(Number(lost) >= Number(before.lost ?? 0), `${what} has got a lost attempt back`)
  }

  #expectGoodEnd(what: string, job: ModelJob, stored: Stored, messages: readonly string[]): void {
    const { facts, model } = this.#history
    const { status, error, predictions, lost } = stored
    for (const message of messages)
      assert.deepEqual(JSON.parse(message), stored, `what was told of the end of ${what}`)
    if (status === 'expired') assert.ok(job.deadlinePassed, `${what} has expired before its deadline`)
    if (status === 'canceled') assert.ok(facts.canceled.has(job.id), `nobody has canceled ${what}`)
    if (status === 'succeeded') {
      const [seen] = JSON.parse(predictions ?? '[]') as { label: string }[]
      assert.equal(seen?.label, job.submission.job.payload, `the result of ${what}`)
    }
    if (error === 'attempts-exhausted')
      assert.equal(Number(lost), model.settings.maxAttempts, `lost attempts of ${what}`)
    if (error === 'unreadable-input')
      assert.ok(facts.inputsLost.has(job.submission.job.payload), `${what} had an input`)
    if (error === 'inference-failed')
      assert.ok(facts.failed.has(job.submission.job.payload), `no pool has failed on ${what}`)
  }

  /** Its webhook is due once it has ended, and else when it is bound to have: a deadline that we move is not followed. */
  #expectDue(what: string, { id, deadlinePassed }: ModelJob, stored: Stored, { dues, now }: Snapshot): void {
    const due = dues.get(id)
    assert.ok(due !== undefined, `the webhook of ${what} is never due`)
    if (isTerminal(stored.status as JobStatus)) assert.ok(due <= now, `the webhook of ${what} is not due`)
    else if (!deadlinePassed) assert.equal(due, Number(stored.deadline), `when the webhook of ${what} is due`)
  }

  /** There as long as the job may be run, or by hand again; and no longer. */
  #expectInput(what: string, job: ModelJob, stored: Stored, { strings, ttls, now }: Snapshot): void {
    const key = this.#history.keys.input(MODEL, job.id)
    const input = strings.get(key)
    if (input !== undefined) assert.equal(input, job.submission.job.payload, `the input of ${what}`)
    const isDead = stored.error === 'attempts-exhausted' && !stored.follows
    if (isTerminal(stored.status as JobStatus) && !isDead)
      assert.equal(input, undefined, `the input of ${what}, which has ended`)
    const isNeeded =
      isDead || (!isTerminal(stored.status as JobStatus) && !stored.follows && !job.deadlinePassed)
    if (!isNeeded || this.#history.facts.inputsLost.has(job.submission.job.payload)) return
    assert.notEqual(input, undefined, `the input of ${what} is gone`)
    assert.ok((ttls.get(key) ?? 0) >= Number(stored.deadline) - now, `the input of ${what} expires before it`)
  }
}
