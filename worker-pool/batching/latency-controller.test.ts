import { describe, expect, test } from 'vitest'
import { LatencyController } from './latency-controller.ts'

const most = { maxBatchSize: 32, maxDelayMs: 0, preferredSizes: [] }

/** A steady stream of jobs and one session: what it serves follows from the controller's own limits. */
function simulate(
  controller: LatencyController,
  {
    jobsPerSecond,
    runMs,
    seconds,
  }: { jobsPerSecond: number; runMs: (size: number) => number; seconds: number },
): { p99: number; served: number } {
  const everyMs = 1000 / jobsPerSecond
  const late: number[] = []
  let [now, next] = [0, 0]
  while (now < seconds * 1000) {
    const { maxBatchSize, maxDelayMs } = controller.limits
    now = Math.max(now, next * everyMs)
    const waiting = () => Math.floor(now / everyMs) - next + 1
    if (waiting() < maxBatchSize)
      now = Math.max(now, Math.min(next * everyMs + maxDelayMs, (next + maxBatchSize - 1) * everyMs))
    const size = Math.min(waiting(), maxBatchSize)
    const inferMs = runMs(size)
    now += inferMs
    const latenciesMs = Array.from({ length: size }, (_, i) => now - (next + i) * everyMs)
    next += size
    controller.observe({ size, latenciesMs, inferMs })
    if (now > (seconds * 1000) / 2) late.push(...latenciesMs)
  }
  late.sort((a, b) => a - b)
  return { p99: late[Math.ceil(late.length * 0.99) - 1] ?? 0, served: next }
}

describe('a controller', () => {
  test('keeps to its limits until it has seen a window of jobs', () => {
    const controller = new LatencyController(100, most)
    controller.observe({ size: 1, latenciesMs: [1000], inferMs: 1000 })
    expect(controller.limits).toEqual({ ...most, maxDelayMs: 0 })
  })

  test('makes batches smaller where runs take too long, until they leave room for waiting', () => {
    const controller = new LatencyController(100, most)
    for (let i = 0; i < 50; i++) {
      const size = controller.limits.maxBatchSize
      const inferMs = 5 * size
      controller.observe({ size, latenciesMs: Array(200).fill(2 * inferMs), inferMs })
    }
    expect(controller.limits.maxBatchSize).toBeLessThanOrEqual(10)
    expect(controller.limits.maxBatchSize).toBeGreaterThan(5)
  })

  test('at low load adds a delay that fills batches, and still holds the target', () => {
    const controller = new LatencyController(100, most)
    const { p99 } = simulate(controller, { jobsPerSecond: 200, runMs: (n) => 4 + 0.1 * n, seconds: 60 })
    expect(controller.limits.maxDelayMs).toBeGreaterThan(5)
    expect(p99).toBeLessThan(100)
  })

  test('gives the delay up when the target is missed for another reason', () => {
    const controller = new LatencyController(100, most)
    simulate(controller, { jobsPerSecond: 200, runMs: (n) => 4 + 0.1 * n, seconds: 60 })
    const latenciesMs = Array(200).fill(150)
    for (let i = 0; i < 10; i++) controller.observe({ size: 4, latenciesMs, inferMs: 5 })
    expect(controller.limits.maxDelayMs).toBe(0)
  })

  test('makes batches larger again where jobs pile up and runs are short', () => {
    const controller = new LatencyController(100, most)
    for (let i = 0; i < 20; i++)
      controller.observe({ size: 32, latenciesMs: Array(200).fill(500), inferMs: 90 })
    const { maxBatchSize } = controller.limits
    expect(maxBatchSize).toBe(1)
    for (let i = 0; i < 20; i++)
      controller.observe({ size: 32, latenciesMs: Array(200).fill(500), inferMs: 5 })
    expect(controller.limits.maxBatchSize).toBe(32)
  })

  test('never steers above the largest batch or half of the target', () => {
    const controller = new LatencyController(100, { ...most, maxBatchSize: 4 })
    for (let i = 0; i < 50; i++) controller.observe({ size: 1, latenciesMs: Array(200).fill(1), inferMs: 1 })
    expect(controller.limits).toMatchObject({ maxBatchSize: 4, maxDelayMs: 50 })
  })
})
