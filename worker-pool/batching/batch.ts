import type { ClaimedJob } from '../../shared/job-queue.ts'

/** Jobs that are run together, and their images one after another in one block of memory. */
export class Batch {
  /** Job i's image is at place i. */
  readonly jobs: ClaimedJob[] = []
  readonly memory: SharedArrayBuffer
  /** Milliseconds of the pool's monotonic clock. */
  takenAt = 0
  claimedAt = 0
  fetchedAt = 0
  /** Resolves when what was taken last is in memory, or has failed; it never rejects. */
  loading: Promise<void> = Promise.resolve()
  readonly #imageBytes: number

  constructor(memory: SharedArrayBuffer, imageBytes: number) {
    this.memory = memory
    this.#imageBytes = imageBytes
  }

  get size(): number {
    return this.jobs.length
  }

  /** Where image `i` lies, or will. */
  place(i: number): Buffer<SharedArrayBuffer> {
    return Buffer.from(this.memory, i * this.#imageBytes, this.#imageBytes)
  }

  /** Takes in a job whose image has been put to place `i`, which is moved up if places before it have stayed empty. */
  add(job: ClaimedJob, i: number): void {
    const next = this.jobs.length
    if (i !== next) this.place(next).set(this.place(i))
    this.jobs.push(job)
  }

  /** Takes in a job whose image is elsewhere. */
  addImage(job: ClaimedJob, image: Uint8Array): void {
    this.place(this.jobs.length).set(image)
    this.jobs.push(job)
  }

  /**
   * Takes out the jobs whose deadline has passed at `now`; the images after them move up. Redis' clock was at the latest claim's
   * `claimedAt` when this pool's was at the batch's, or shortly before: what is taken out is past its deadline by Redis' clock, too.
   */
  takeExpired(now: number): ClaimedJob[] {
    const redisNow = this.#redisClockAt(now)
    const jobs = this.jobs.splice(0)
    const isExpired = ({ deadline }: ClaimedJob) => deadline <= redisNow
    for (const [i, job] of jobs.entries()) if (!isExpired(job)) this.add(job, i)
    return jobs.filter(isExpired)
  }

  /** How long after `now` the first of its deadlines is, in ms. */
  untilDeadline(now: number): number {
    return Math.min(...this.jobs.map(({ deadline }) => deadline)) - this.#redisClockAt(now)
  }

  #redisClockAt(now: number): number {
    const lastClaim = Math.max(...this.jobs.map((job) => job.claimedAt))
    return lastClaim + (now - this.claimedAt)
  }
}
