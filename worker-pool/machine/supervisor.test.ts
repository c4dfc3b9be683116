import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { processEnv } from '../../test/support/process-env.ts'
import { Supervisor } from './supervisor.ts'

interface Report {
  event: string
  device: number
  pid: number
}

/** A real supervisor with two real child processes, which ask this test what to do. */
class Supervised {
  readonly process: ChildProcess
  readonly exit: Promise<unknown[]>
  readonly ready: Promise<unknown[]>
  readonly reports: Report[] = []
  #listeners: (() => void)[] = []

  private constructor(process: ChildProcess) {
    this.process = process
    this.exit = once(process, 'exit')
    this.ready = once(process, 'message')
  }

  /** `answer`: what a pool does at its n-th report (from 1) of this kind: `ready`, an exit code, or undefined: it hangs. */
  static async start(answer: (report: Report, nth: number) => string | undefined): Promise<Supervised> {
    let supervised: Supervised | undefined
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://test')
      const report = {
        event: url.pathname.slice(1),
        device: Number(url.searchParams.get('device')),
        pid: Number(url.searchParams.get('pid')),
      }
      supervised?.reports.push(report)
      const nth = supervised?.of(report.event, report.device).length ?? 0
      const order = answer(report, nth)
      if (order !== undefined) response.end(order)
      for (const listener of supervised?.takeListeners() ?? []) listener()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const child = fork(new URL('../../test/support/supervisor-entry.ts', import.meta.url), {
      env: { ...processEnv(), TEST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    })
    supervised = new Supervised(child)
    onTestFinished(() => {
      child.kill('SIGKILL')
      server.closeAllConnections()
      server.close()
    })
    return supervised
  }

  of(event: string, device: number): Report[] {
    return this.reports.filter((report) => report.event === event && report.device === device)
  }

  takeListeners(): (() => void)[] {
    return this.#listeners.splice(0)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#listeners.push(resolve))
  }
}

const obedient = ({ event }: Report) => (event === 'start' ? 'ready' : '0')

test('a pool whose process cannot even be started is tried again, until it is told to stop', async () => {
  let pauses = 0
  const quiet = () => {}
  const tooLarge = { device: 0, env: { ...processEnv(), LARGE: 'x'.repeat(4_000_000) } }
  const supervisor: Supervisor = new Supervisor([tooLarge], {
    startProcess: ({ env }) => fork(import.meta.filename, [], { env: { ...env } }),
    clock: {
      now: () => 0,
      sleep: async () => {
        if (++pauses === 3) supervisor.stop('SIGTERM')
      },
    },
    random: () => 0,
    onReady: quiet,
    log: { info: quiet, warn: quiet, error: quiet },
    killAfterMs: 1,
  })
  expect(await supervisor.finished).toBe(0)
  // The last is the one that waits for pools that do not stop.
  expect(pauses).toBe(4)
})

describe('a supervisor', () => {
  test('is ready when all its pools are, and says what a pool says', async () => {
    const supervised = await Supervised.start(obedient)
    const [message] = await supervised.ready
    expect(message).toEqual({ type: 'ready', model: expect.stringMatching(/^model of [01]$/) })
    expect(supervised.reports.map(({ device }) => device).sort()).toEqual([0, 1])
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('passes %s on, waits for all and ends with 0', async (signal) => {
    const supervised = await Supervised.start(obedient)
    await supervised.ready
    supervised.process.kill(signal)
    expect(await supervised.exit).toEqual([0, null])
    expect(supervised.of(signal, 0)).toHaveLength(1)
    expect(supervised.of(signal, 1)).toHaveLength(1)
  })

  test('ends with 1 when a pool did not stop as it should', async () => {
    const supervised = await Supervised.start((report) =>
      report.event === 'SIGTERM' && report.device === 1 ? '1' : obedient(report),
    )
    await supervised.ready
    supervised.process.kill('SIGTERM')
    expect(await supervised.exit).toEqual([1, null])
  })

  test('kills a pool that does not stop in time, and only that', async () => {
    const supervised = await Supervised.start((report) =>
      report.event === 'SIGTERM' && report.device === 0 ? undefined : obedient(report),
    )
    await supervised.ready
    supervised.process.kill('SIGTERM')
    await supervised.until(() => [0, 1].every((device) => supervised.of('SIGTERM', device).length === 1))
    supervised.process.send('time is over')
    expect(await supervised.exit).toEqual([1, null])
  })

  test('starts a pool again that crashed, and leaves the other alone', async () => {
    const supervised = await Supervised.start((report, nth) =>
      report.device === 1 && nth < 4 ? '1' : obedient(report),
    )
    await supervised.ready
    expect(supervised.of('start', 1)).toHaveLength(4)
    expect(supervised.of('start', 0)).toHaveLength(1)
  })

  test('starts a pool again that was killed', async () => {
    const supervised = await Supervised.start(obedient)
    await supervised.ready
    process.kill(supervised.of('start', 0)[0]?.pid as number, 'SIGKILL')
    await supervised.until(() => supervised.of('start', 0).length === 2)
    expect(supervised.of('start', 1)).toHaveLength(1)
  })

  test('does not start a pool again that ended by itself, and ends with the last', async () => {
    const supervised = await Supervised.start(() => '0')
    expect(await supervised.exit).toEqual([0, null])
    expect(supervised.reports).toHaveLength(2)
  })

  test('stops all pools when one cannot run before any was ready, and ends with its code', async () => {
    const supervised = await Supervised.start((report) => {
      if (report.event !== 'start') return obedient(report)
      return report.device === 1 ? '78' : undefined
    })
    expect(await supervised.exit).toEqual([78, null])
    expect(supervised.of('start', 1)).toHaveLength(1)
  })

  test('starts a pool again that cannot run once others are ready, and leaves them alone', async () => {
    const supervised = await Supervised.start((report, nth) => {
      if (report.device === 0 || report.event !== 'start') return obedient(report)
      return nth === 1 || nth > 3 ? 'ready' : '78'
    })
    await supervised.ready
    process.kill(supervised.of('start', 1)[0]?.pid as number, 'SIGKILL')
    await supervised.until(() => supervised.of('start', 1).length === 4)
    expect(supervised.of('start', 0)).toHaveLength(1)
    supervised.process.kill('SIGTERM')
    expect(await supervised.exit).toEqual([0, null])
  })

  test('ends with 1 when a pool that was ready died of the signal instead of draining', async () => {
    const supervised = await Supervised.start((report) =>
      report.event === 'SIGINT' && report.device === 1 ? 'SIGINT' : obedient(report),
    )
    await supervised.ready
    supervised.process.kill('SIGINT')
    expect(await supervised.exit).toEqual([1, null])
  })

  test('takes a signal that is repeated at once for the same, and kills its pools on one that comes later', async () => {
    const supervised = await Supervised.start((report) => (report.event === 'start' ? 'ready' : undefined))
    const both = (event: string) => [0, 1].every((device) => supervised.of(event, device).length === 1)
    await supervised.ready
    supervised.process.kill('SIGTERM')
    await supervised.until(() => both('SIGTERM'))
    supervised.process.kill('SIGINT')
    supervised.process.send('a minute passes')
    await once(supervised.process, 'message')
    expect(supervised.process.exitCode).toBeNull()
    supervised.process.kill('SIGTERM')
    expect(await supervised.exit).toEqual([1, null])
    expect(supervised.of('SIGTERM', 0)).toHaveLength(1)
  })

  test('stops when its own parent is gone', async () => {
    const supervised = await Supervised.start(obedient)
    await supervised.ready
    supervised.process.disconnect()
    expect(await supervised.exit).toEqual([0, null])
    expect(supervised.of('SIGTERM', 0)).toHaveLength(1)
  })

  test('stops when its parent has gone before it could listen', async () => {
    const supervised = await Supervised.start(obedient)
    supervised.process.disconnect()
    expect(await supervised.exit).toEqual([0, null])
  })

  test('leaves no pool behind when it is killed: each ends by itself', async () => {
    const supervised = await Supervised.start(obedient)
    await supervised.ready
    supervised.process.kill('SIGKILL')
    await supervised.until(() => [0, 1].every((device) => supervised.of('disconnect', device).length === 1))
  })
})
