import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fakeNvidiaSmi, prints } from '../support/fake-nvidia-smi.ts'
import { metricValues } from '../support/metrics-text.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newJobs, PoolQueue, poolEnv } from '../support/pool-queue.ts'

/** A line of a pool's log that says it is ready. */
interface ReadyPool {
  pid: number
  healthPort: number
}

/** Pools as their supervisor starts them, told by their logs. */
class PoolsOfOneMachine {
  readonly process: ChildProcess
  readonly exit: Promise<unknown[]>
  readonly #ready: AsyncIterator<ReadyPool>

  constructor(redisUrl: string, keyPrefix: string) {
    this.process = fork(new URL('../support/supervisor-entry.ts', import.meta.url), {
      env: { ...poolEnv(redisUrl, keyPrefix), HEALTH_PORT: '0', POOL_ENTRY: 'worker-pool/main.ts' },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    this.exit = once(this.process, 'exit')
    this.#ready = readyPools(this.process)
    onTestFinished(() => void this.process.kill('SIGKILL'))
  }

  /** The next pool that says it is ready. */
  async nextReady(): Promise<ReadyPool> {
    const { value, done } = await this.#ready.next()
    if (done) throw new Error('the supervisor has ended')
    return value
  }
}

async function* readyPools({ stdout }: ChildProcess): AsyncGenerator<ReadyPool> {
  if (!stdout) return
  for await (const line of createInterface({ input: stdout })) {
    const { msg, pool, health } = JSON.parse(line)
    if (msg === 'ready') yield { pid: Number(pool.split('-').at(-2)), healthPort: health }
  }
}

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves once a pool has counted a job that succeeded; how many it has. */
async function succeeded({ healthPort }: ReadyPool): Promise<number> {
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text()
    const name = `edgebatch_inference_request_success_total{model="${MODEL}",version="1"}`
    const count = metricValues(text).get(name)
    if (count) return count
  }
}

describe('pools under a supervisor', () => {
  test('come back after a crash and serve, and all end when the supervisor is told to stop', async () => {
    const queue = await PoolQueue.open((await ownRedis()).url)
    const machine = new PoolsOfOneMachine(queue.url, queue.keys.prefix)
    const [killed, other] = [await machine.nextReady(), await machine.nextReady()]
    process.kill(killed.pid, 'SIGKILL')
    const restarted = await machine.nextReady()
    expect([killed.pid, other.pid]).not.toContain(restarted.pid)

    // Redis hands jobs to those who wait in turn: with as many jobs as pools, each gets one.
    await queue.untilPoolsWait(2)
    const { settled } = await queue.enqueue(newJobs(2))
    expect(await settled).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }])
    expect(await Promise.all([succeeded(restarted), succeeded(other)])).toEqual([1, 1])

    machine.process.kill('SIGTERM')
    expect(await machine.exit).toEqual([0, null])
    expect([killed, other, restarted].map(({ pid }) => isRunning(pid))).toEqual([false, false, false])
  })

  test('are not left behind when the parent of their supervisor has gone before that could listen', async () => {
    const { variables } = await fakeNvidiaSmi(prints('0, GPU-a, NVIDIA L4, 23034'))
    const env = { ...poolEnv('redis://127.0.0.1:1', 'test:'), ...variables, GPUS: '0' }
    const machine = fork('worker-pool/main.ts', { env: { ...env, EXECUTION_PROVIDERS: 'cuda' } })
    onTestFinished(() => void machine.kill('SIGKILL'))
    machine.disconnect()
    expect(await once(machine, 'exit')).toEqual([0, null])
  })
})
