import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_BATCH_SIZE } from './chaos-model.ts'
import type { ChaosStack } from './chaos-stack.ts'
import { describeFault, type Fault, type FaultKind } from './fault-plan.ts'
import type { Part } from './part.ts'
import { heldBy } from './queue-state.ts'
import type { Way } from './way.ts'

/** How long a pool that is to be killed may take to have so many jobs in its hands; then it is killed as it is. */
const BUSY_WITHIN_MS = 2_000
const BUSY = MAX_BATCH_SIZE / 2
const LOOK_EVERY_MS = 5

/** Has the planned faults begin, each at its request, and sees them through. Several may be under way. */
export class Faults {
  readonly begun = new Map<FaultKind, number>()
  /** Jobs that killed pools had in their hands. */
  heldWhenKilled = 0
  connectionsCut = 0
  readonly #stack: ChaosStack
  readonly #planned: readonly Fault[]
  readonly #onFault: (line: string) => void
  readonly #underWay: Promise<void>[] = []
  readonly #waysTurns = new Map<Way, Promise<void>>()
  #next = 0

  /** `planned`: in the order of their requests. */
  constructor(stack: ChaosStack, planned: readonly Fault[], onFault: (line: string) => void) {
    this.#stack = stack
    this.#planned = planned
    this.#onFault = onFault
  }

  /** To be called for each request, in their order. */
  at(request: number): void {
    for (; (this.#planned[this.#next]?.at ?? Infinity) <= request; this.#next++) {
      const fault = this.#planned[this.#next] as Fault
      this.#onFault(describeFault(fault))
      this.begun.set(fault.kind, (this.begun.get(fault.kind) ?? 0) + 1)
      const performed = this.#perform(fault)
      // What it could not do is told when all is over, and must not count as unhandled before.
      performed.catch(() => {})
      this.#underWay.push(performed)
    }
  }

  /** Until all that has begun is over, and what went down is up again. Throws what a fault could not do. */
  async over(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  async #perform(fault: Fault): Promise<void> {
    const { redis, pools, gateways, edges, ways } = this.#stack
    switch (fault.kind) {
      case 'kill-pool':
        return this.#killInTheMiddle(pools[fault.pool] as Part, fault.downMs)
      case 'stall-pool':
        return pools[fault.pool]?.stall(fault.ms)
      case 'replace-pool':
        return pools[fault.pool]?.replace(fault.downMs)
      case 'restart-gateway':
        return gateways[fault.gateway]?.[fault.kill ? 'crash' : 'replace'](fault.downMs)
      case 'restart-edge':
        return edges[fault.edge]?.[fault.kill ? 'crash' : 'replace'](fault.downMs)
      case 'restart-redis':
        return redis.crash(fault.downMs)
      case 'fill-redis':
        return redis.fill(fault.ms)
      case 'cut-way':
        this.connectionsCut += ways[fault.way]?.cut() ?? 0
        return
      case 'lose-answers':
        return this.#onWay(ways[fault.way] as Way, async (way) => {
          way.loseAnswers(true)
          await sleep(fault.ms)
          way.loseAnswers(false)
        })
      case 'slow-way':
        return this.#onWay(ways[fault.way] as Way, async (way) => {
          way.slow(fault.delayMs)
          await sleep(fault.ms)
          way.slow(0)
        })
    }
  }

  /** As soon as jobs are in its hands; what it has then is counted. */
  async #killInTheMiddle(pool: Part, downMs: number): Promise<void> {
    await pool.crash(downMs, {
      before: async (pid) => {
        const until = Date.now() + BUSY_WITHIN_MS
        while (Date.now() < until && (await heldBy(pid, this.#stack)) < BUSY) await sleep(LOOK_EVERY_MS)
      },
      after: async (pid) => {
        this.heldWhenKilled += await heldBy(pid, this.#stack)
      },
    })
  }

  #onWay(way: Way, work: (way: Way) => Promise<void>): Promise<void> {
    const turn = (this.#waysTurns.get(way) ?? Promise.resolve()).then(() => work(way))
    this.#waysTurns.set(way, turn)
    return turn
  }
}
