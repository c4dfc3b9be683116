import { PutOffQueue } from './put-off-queue.ts'

export interface TurnLimits {
  /** At the same time, of all together, and to one host. */
  running: number
  runningOfHost: number
  /** That run or wait here, of all together. */
  held: number
  /** That wait here, for one host. */
  waitingOfHost: number
}

export interface TurnDeps {
  /** Milliseconds, monotonic. */
  elapsed: () => number
  random: () => number
}

/** For whom something is sent, and where to. */
export interface Receiver {
  owner: string
  host: string
}

interface Turn extends Receiver {
  begin: () => void
}

/**
 * Lets webhooks be sent side by side. Of each thing that is limited, an owner gets no more than it leaves free to others: half of it if it
 * is alone, and who comes next still finds some. So neither a receiver nor an owner whose receivers all hang holds up anybody else.
 */
export class ReceiverTurns {
  readonly #limits: TurnLimits
  readonly #deps: TurnDeps
  readonly #running = new Set<Turn>()
  readonly #waiting = new Set<Turn>()
  /** Of whom some are held. */
  readonly #owners = new Map<string, PutOffQueue>()
  readonly #hosts = new Map<string, PutOffQueue>()

  constructor(limits: TurnLimits, deps: TurnDeps) {
    this.#limits = limits
    this.#deps = deps
  }

  /** How many more can be held, if they are not of the same owner. */
  get room(): number {
    return this.#limits.held - this.#running.size - this.#waiting.size
  }

  /** Runs `task` when it is its turn. If too many are held already, nothing is run: gives in how many ms it is to be tried again. */
  take(receiver: Receiver, task: () => Promise<void>): Promise<void> | number {
    const { owner, host } = receiver
    const all = [...this.#running, ...this.#waiting]
    const toHost = [...this.#waiting].filter((turn) => turn.host === host)
    if (!hasShare(owner, all, this.#limits.held)) return this.#putOff(this.#owners.get(owner))
    if (!hasShare(owner, toHost, this.#limits.waitingOfHost)) return this.#putOff(this.#hosts.get(host))
    this.#queueOf(this.#owners, owner, Math.ceil(this.#limits.running / 2))
    this.#queueOf(this.#hosts, host, this.#limits.runningOfHost)
    return new Promise((resolve, reject) => {
      const turn = { owner, host, begin: () => void this.#run(turn, task).then(resolve, reject) }
      this.#waiting.add(turn)
      this.#beginNext()
    })
  }

  #putOff(queue = new PutOffQueue(1)): number {
    return queue.nextInMs(this.#deps.elapsed(), this.#deps.random())
  }

  #queueOf(queues: Map<string, PutOffQueue>, name: string, sideBySide: number): void {
    if (!queues.has(name)) queues.set(name, new PutOffQueue(sideBySide))
  }

  async #run(turn: Turn, task: () => Promise<void>): Promise<void> {
    this.#waiting.delete(turn)
    this.#running.add(turn)
    const begunAt = this.#deps.elapsed()
    try {
      await task()
    } finally {
      this.#running.delete(turn)
      this.#ended(turn, this.#deps.elapsed() - begunAt)
      this.#beginNext()
    }
  }

  #ended({ owner, host }: Turn, tookMs: number): void {
    this.#owners.get(owner)?.attempted(tookMs)
    this.#hosts.get(host)?.attempted(tookMs)
    const held = [...this.#running, ...this.#waiting]
    if (!held.some((turn) => turn.owner === owner)) this.#owners.delete(owner)
    if (!held.some((turn) => turn.host === host)) this.#hosts.delete(host)
  }

  /** The first of the owner who has the fewest running. */
  #beginNext(): void {
    const running = [...this.#running]
    if (running.length >= this.#limits.running) return
    const [next] = [...this.#waiting]
      .filter(({ owner, host }) => {
        const toHost = running.filter((turn) => turn.host === host).length
        return toHost < this.#limits.runningOfHost && hasShare(owner, running, this.#limits.running)
      })
      .toSorted((a, b) => countOf(a.owner, running) - countOf(b.owner, running))
    if (!next) return
    next.begin()
    this.#beginNext()
  }
}

function hasShare(owner: string, turns: readonly Receiver[], limit: number): boolean {
  return countOf(owner, turns) < limit - turns.length
}

function countOf(owner: string, turns: readonly Receiver[]): number {
  return turns.filter((turn) => turn.owner === owner).length
}
