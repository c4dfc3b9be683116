/** Resolves with whether its turn has come; it has not if it was given up before. */
type Waiter = (hasTurn: boolean) => void

/**
 * Of all models of a process: either any number of jobs are claimed, or one is to run alone. A job that kills its process takes with it all
 * that is claimed there; so what may be such a job is claimed when nothing else is, and nothing else until it has ended.
 *
 * Who waits to run alone goes before who comes later; but between two that do, all who wait to claim are let in.
 */
export class ExclusiveTurn {
  /** Claimed jobs that are not settled, released or lost, and claims that are under way. */
  #claimed = 0
  #runsAlone = false
  readonly #alone: Waiter[] = []
  readonly #others: Waiter[] = []
  #whenNothingIsClaimed: (() => void) | undefined

  /** Waits until claims are let in, so that nothing is taken from a queue that could not be claimed; or until `signal` aborts. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#isShut) await wait(this.#others, signal)
  }

  /**
   * Before something is claimed: waits as `open` does, unless it is for a batch that holds claimed jobs already, on which what is to run
   * alone waits. True: it may be claimed, and `left` is to follow once it has been `add`ed. False: `signal` aborted first.
   */
  async enter({
    holdsJobs = false,
    signal,
  }: {
    holdsJobs?: boolean
    signal?: AbortSignal
  } = {}): Promise<boolean> {
    const letIn = () => {
      this.#claimed++
    }
    if (this.#isShut && !holdsJobs) return wait(this.#others, signal, letIn)
    letIn()
    return true
  }

  add(jobs: number): void {
    this.#claimed += jobs
  }

  left(jobs = 1): void {
    this.#claimed -= jobs
    if (this.#claimed > 0) return
    this.#whenNothingIsClaimed?.()
    this.#next()
  }

  /**
   * Calls `work` once nothing is claimed, for it to enter as who holds jobs; true once nothing is claimed again. False if `signal` aborted
   * before its turn came.
   */
  async alone(work: () => Promise<void>, signal?: AbortSignal): Promise<boolean> {
    const turn = wait(this.#alone, signal)
    this.#next()
    if (!(await turn)) {
      this.#next()
      return false
    }
    try {
      await work()
      if (this.#claimed > 0)
        await new Promise<void>((resolve) => {
          this.#whenNothingIsClaimed = resolve
        })
      return true
    } finally {
      this.#whenNothingIsClaimed = undefined
      this.#runsAlone = false
      this.#letIn()
      this.#next()
    }
  }

  get #isShut(): boolean {
    return this.#runsAlone || this.#alone.length > 0
  }

  #next(): void {
    if (this.#runsAlone) return
    const [first] = this.#alone
    if (!first) this.#letIn()
    else if (this.#claimed === 0) {
      this.#runsAlone = true
      first(true)
    }
  }

  #letIn(): void {
    for (const letIn of [...this.#others]) letIn(true)
  }
}

function wait(line: Waiter[], signal: AbortSignal | undefined, onTurn = () => {}): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const giveUp = () => done(false)
    const done = (hasTurn: boolean) => {
      signal?.removeEventListener('abort', giveUp)
      const at = line.indexOf(done)
      if (at >= 0) line.splice(at, 1)
      if (hasTurn) onTurn()
      resolve(hasTurn)
    }
    line.push(done)
    signal?.addEventListener('abort', giveUp)
  })
}
