/** Jobs that came in the same second. */
interface Cohort {
  second: number
  jobs: number
}

export interface LineLimits {
  /** Jobs that are there at which more are refused. */
  maxJobs: number
  /** Jobs that have waited for so long are expired. */
  deadlineSeconds: number
}

/** The queue of a simulation: first come, first served, in steps of a second. */
export class WaitingLine {
  readonly #limits: LineLimits
  readonly #cohorts: Cohort[] = []
  #first = 0
  #jobs = 0
  /** By seconds waited: jobs that were served after so long. */
  readonly served: number[] = []
  refused = 0
  expired = 0

  constructor(limits: LineLimits) {
    this.#limits = limits
  }

  get jobs(): number {
    return this.#jobs
  }

  get servedJobs(): number {
    return this.served.reduce((sum, jobs) => sum + (jobs ?? 0), 0)
  }

  /**
   * One second: `jobs` come and `capacity` can be served. Who is served in the second of his coming finds a place whatever the limit is.
   * Returns how many were served.
   */
  step(second: number, jobs: number, capacity: number): number {
    this.#expire(second)
    this.#cohorts.push({ second, jobs })
    this.#jobs += jobs
    const served = this.#serve(second, capacity)
    this.#refuse(this.#jobs - this.#limits.maxJobs)
    return served
  }

  /** Seconds below which `share` (0 to 1) of those that were served waited; 0 if none were. */
  waited(share: number): number {
    const wanted = share * this.servedJobs
    let counted = 0
    for (const [seconds, jobs] of this.served.entries()) {
      counted += jobs ?? 0
      if (jobs && counted >= wanted) return seconds
    }
    return 0
  }

  #expire(second: number): void {
    for (;;) {
      const cohort = this.#cohorts[this.#first]
      if (!cohort || second - cohort.second < this.#limits.deadlineSeconds) return
      this.expired += cohort.jobs
      this.#jobs -= cohort.jobs
      this.#dropFirst()
    }
  }

  #serve(second: number, capacity: number): number {
    let left = capacity
    while (left > 0) {
      const cohort = this.#cohorts[this.#first]
      if (!cohort) break
      const jobs = Math.min(left, cohort.jobs)
      const waited = second - cohort.second
      this.served[waited] = (this.served[waited] ?? 0) + jobs
      cohort.jobs -= jobs
      this.#jobs -= jobs
      left -= jobs
      if (cohort.jobs === 0) this.#dropFirst()
    }
    return capacity - left
  }

  /** Those that came last. */
  #refuse(jobs: number): void {
    const cohort = this.#cohorts.at(-1)
    if (jobs <= 0 || !cohort) return
    const refused = Math.min(jobs, cohort.jobs)
    cohort.jobs -= refused
    this.#jobs -= refused
    this.refused += refused
  }

  #dropFirst(): void {
    this.#first++
    if (this.#first < 1_000) return
    this.#cohorts.splice(0, this.#first)
    this.#first = 0
  }
}
