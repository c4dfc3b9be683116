import { isTerminal, type JobStatus } from '../../shared/job-state.ts'
import { CallFailure } from './call-failure.ts'

/** What callers were told of each job: whoever accepted one has to end it, once. */
export class JobLedger {
  readonly #jobs = new Map<string, JobStatus>()

  /** A job as an answer shows it. Throws CallFailure 'wrong' if it had ended otherwise before. */
  seen({ id, status }: { id: string; status: JobStatus }): void {
    const before = this.#jobs.get(id)
    if (before !== undefined && isTerminal(before) && before !== status)
      throw new CallFailure('wrong', `a job that was ${before} is ${status}`)
    this.#jobs.set(id, status)
  }

  get jobs(): [id: string, status: JobStatus][] {
    return [...this.#jobs]
  }
}
