/**
 * Of all models of a process: either any number of jobs are claimed, or one is to run alone. A job that kills its process takes with it all
 * that is claimed there; so what may be such a job is claimed when nothing else is, and nothing else until it has ended.
 */
export class ExclusiveTurn {
  /** Claimed jobs that are not settled, released or lost, and claims that are under way. */
  #claimed = 0
  /** Runs alone that are under way, or wait. */
  #alone = 0
  #last: Promise<unknown> = Promise.resolve()
  readonly #watchers = new Set<() => void>()

  /**
   * Before something is claimed: waits while something runs alone, or waits to, unless this is for a batch that holds claimed jobs already, on which
   * what runs alone would wait. To be followed by `left`, once what is claimed has been `add`ed.
   */
  async enter({ holdsJobs = false } = {}): Promise<void> {
    while (this.#alone > 0 && !holdsJobs) await this.#changed()
    this.#claimed++
  }

  add(jobs: number): void {
    this.#claimed += jobs
  }

  left(jobs = 1): void {
    this.#claimed -= jobs
    if (this.#claimed === 0) this.#tell()
  }

  /** Calls `work` once nothing is claimed, for it to enter as who holds jobs; done when nothing is claimed again. */
  async alone(work: () => Promise<void>): Promise<void> {
    this.#alone++
    const turn = this.#last.then(async () => {
      await this.#untilNothingIsClaimed()
      await work()
      await this.#untilNothingIsClaimed()
    })
    this.#last = turn.catch(() => {})
    try {
      await turn
    } finally {
      this.#alone--
      this.#tell()
    }
  }

  async #untilNothingIsClaimed(): Promise<void> {
    while (this.#claimed > 0) await this.#changed()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#watchers.add(resolve))
  }

  #tell(): void {
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const watcher of watchers) watcher()
  }
}
