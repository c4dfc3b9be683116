import { describe, expect, test } from 'vitest'
import { fakeNvidiaSmi, prints } from '../../test/support/fake-nvidia-smi.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { createGpuReadings } from './gpu-readings.ts'
import { createQueryGpus } from './nvidia-smi.ts'

const MIB = 1024 * 1024

async function readingsOf(script: string) {
  const smi = await fakeNvidiaSmi(script)
  const clock = new SleepingClock()
  return { smi, clock, read: createGpuReadings(createQueryGpus(smi.variables), clock) }
}

describe('readings of GPUs', () => {
  test('are bytes, a share, and degrees', async () => {
    const { read } = await readingsOf(prints('0, 1024, 81559, 87, 61', '1, 3, 23034, 0, 34'))
    expect(await read()).toEqual([
      {
        index: 0,
        memoryUsedBytes: 1024 * MIB,
        memoryTotalBytes: 81_559 * MIB,
        utilisation: 0.87,
        temperatureCelsius: 61,
      },
      {
        index: 1,
        memoryUsedBytes: 3 * MIB,
        memoryTotalBytes: 23_034 * MIB,
        utilisation: 0,
        temperatureCelsius: 34,
      },
    ])
  })

  test('lack what a GPU does not say', async () => {
    const { read } = await readingsOf(prints('0, [N/A], [N/A], [Not Supported], [Unknown Error]'))
    expect(await read()).toEqual([
      {
        index: 0,
        memoryUsedBytes: undefined,
        memoryTotalBytes: undefined,
        utilisation: undefined,
        temperatureCelsius: undefined,
      },
    ])
  })

  test('are taken every 15 s at most, and once for all who ask meanwhile', async () => {
    const { read, smi, clock } = await readingsOf(prints('0, 1, 2, 3, 4'))
    await Promise.all([read(), read()])
    clock.pass(14_999)
    await read()
    expect(await smi.calls()).toHaveLength(1)
    clock.pass(1)
    await read()
    expect(await smi.calls()).toHaveLength(2)
  })

  test('are none without nvidia-smi, which is never looked for again', async () => {
    let asked = 0
    const query = createQueryGpus({ PATH: '/nonexistent' })
    const clock = new SleepingClock()
    const read = createGpuReadings((fields) => {
      asked++
      return query(fields)
    }, clock)
    expect(await read()).toBeUndefined()
    clock.pass(3_600_000)
    expect(await read()).toBeUndefined()
    expect(asked).toBe(1)
  })

  test('come back after a failure', async () => {
    const { read, smi, clock } = await readingsOf('exit 1')
    expect(await read()).toBeUndefined()
    await smi.becomes(prints('0, 1, 2, 3, 4'))
    clock.pass(15_000)
    expect(await read()).toMatchObject([{ index: 0 }])
  })
})
