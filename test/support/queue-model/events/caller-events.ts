import * as fc from 'fast-check'
import { PRIORITIES } from '../../../../shared/priority.ts'
import { among, answerLost, event, which } from '../event.ts'
import type { History } from '../history.ts'
import { cancelJob, readJob, submit, submitAgain } from '../steps/caller-steps.ts'

const HOUR_MS = 3_600_000
/** Two that may be joined to one another, and one that may not; none passes by itself. */
const deadlineMs = fc.constantFrom(HOUR_MS, HOUR_MS + 20_000, 2 * HOUR_MS)
const mostly = fc.nat(4).map((one) => one < 4)

const asked = fc.record({
  ...{ priority: fc.constantFrom(...PRIORITIES), deadlineMs, watched: mostly, mayShare: mostly },
  hasWebhook: fc.nat(4).map((one) => one === 4),
  photo: fc.option(fc.nat(1), { nil: undefined }),
  idempotencyKey: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(1) },
  ),
})

const anyJob = ({ model }: History, args: { which: number }) => among(model.jobs, args.which)

export const submission = event(
  'submit',
  fc.record({ asked, answerLost }),
  () => true,
  (history, _, args) => submit(history, args.asked, args.answerLost),
)

export const submissionAgain = event(
  'submitAgain',
  fc.record({ which, answerLost }),
  ({ submissions, facts }, args) =>
    among(
      submissions.filter(({ job }) => !facts.forgotten.has(job.id)),
      args.which,
    ),
  (history, again, args) => submitAgain(history, again, args.answerLost),
)

export const cancelation = event('cancel', fc.record({ which, answerLost }), anyJob, (history, job, args) =>
  cancelJob(history, job, args.answerLost),
)

export const reading = event('read', fc.record({ which }), anyJob, readJob)
