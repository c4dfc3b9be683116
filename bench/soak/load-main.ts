import { setTimeout as sleep } from 'node:timers/promises'
import { randomNumbers } from '../../test/support/random-numbers.ts'
import { arrivals, kindOf } from './arrivals.ts'
import type { CallKind } from './call-kinds.ts'
import { Calls } from './calls.ts'
import { EdgeClient } from './edge-client.ts'
import { JobLedger } from './job-ledger.ts'
import type { CallRecord, LoadResult, LoadTask } from './load.ts'
import { obey } from './obedience.ts'
import { VariedPhotos } from './varied-photos.ts'

/** Entry: makes the calls of a LoadTask, in a process of its own. Says how they went to its parent (IPC) when all have ended. */
async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(1))
  const task = JSON.parse(process.env.LOAD ?? '') as LoadTask
  const edge = new EdgeClient(task.edgeUrl)
  const ledger = new JobLedger()
  const { apiKey, name } = task
  const load = new Load(
    task,
    new Calls({ edge, ledger, apiKey, name, photos: await VariedPhotos.read(task.firstPhoto) }),
  )
  const before = process.cpuUsage()
  const records = await load.run()
  const { user, system } = process.cpuUsage(before)
  await edge.close()
  const result: LoadResult = { records, jobs: ledger.jobs, cpuMs: (user + system) / 1000 }
  process.send?.({ type: 'ready', ...result })
}

class Load {
  readonly #task: LoadTask
  readonly #calls: Calls
  readonly #random: () => number
  readonly #begin = performance.now()
  readonly #records: CallRecord[] = []

  constructor(task: LoadTask, calls: Calls) {
    this.#task = task
    this.#calls = calls
    const number = randomNumbers(task.seed)
    this.#random = () => number(2 ** 32) / 2 ** 32
  }

  async run(): Promise<CallRecord[]> {
    const { pace } = this.#task
    if ('perSecond' in pace) await this.#open(pace.perSecond)
    else await Promise.all(Array.from({ length: pace.atOnce }, () => this.#closed()))
    return this.#records
  }

  async #open(perSecond: number): Promise<void> {
    const under: Promise<void>[] = []
    for (const { atMs, kind, obeys } of arrivals({ perSecond, ...this.#task }, this.#random)) {
      const pauseMs = atMs - this.#now()
      if (pauseMs > 0) await sleep(pauseMs)
      under.push(this.#call(kind, atMs, obeys))
    }
    await Promise.all(under)
  }

  async #closed(): Promise<void> {
    while (this.#now() < 1000 * this.#task.seconds)
      await this.#call(kindOf(this.#task.mix, this.#random()), this.#now(), false)
  }

  async #call(kind: CallKind, atMs: number, obeys: boolean): Promise<void> {
    const lateMs = this.#now() - atMs
    let begin = atMs
    const { result, told, tries } = await obey(() => this.#calls.run(kind), {
      retries: obeys ? this.#task.retries : 0,
      sleep: async (ms) => {
        await sleep(ms)
        begin = this.#now()
      },
    })
    const endedMs = this.#now()
    this.#records.push({
      ...{ kind, atMs, lateMs, ms: endedMs - begin, endedMs, obeys, tries, told },
      ...('value' in result
        ? result.value
        : { images: 0, failure: { way: result.failure.way, what: result.failure.message } }),
    })
  }

  #now(): number {
    return performance.now() - this.#begin
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`load: ${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
})
