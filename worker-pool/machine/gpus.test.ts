import { describe, expect, test } from 'vitest'
import { fakeNvidiaSmi, prints } from '../../test/support/fake-nvidia-smi.ts'
import { listGpus } from './gpus.ts'
import { createQueryGpus } from './nvidia-smi.ts'

describe('the GPUs of a machine', () => {
  test('are what nvidia-smi lists, by index', async () => {
    const smi = await fakeNvidiaSmi(
      prints('1, GPU-b, NVIDIA L4, 23034', '0, GPU-a, NVIDIA H100 80GB HBM3, 81559'),
    )
    expect(await listGpus(createQueryGpus(smi.variables))).toEqual([
      { index: 0, uuid: 'GPU-a', name: 'NVIDIA H100 80GB HBM3', memoryTotalBytes: 81_559 * 1024 * 1024 },
      { index: 1, uuid: 'GPU-b', name: 'NVIDIA L4', memoryTotalBytes: 23_034 * 1024 * 1024 },
    ])
    expect(await smi.calls()).toEqual([
      '--query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits',
    ])
  })

  test('are listed though the driver does not say how much memory they have', async () => {
    const smi = await fakeNvidiaSmi(prints('0, GPU-a, NVIDIA GB10, [N/A]'))
    expect(await listGpus(createQueryGpus(smi.variables))).toMatchObject([
      { index: 0, memoryTotalBytes: undefined },
    ])
  })

  test('are none where nvidia-smi says so', async () => {
    const smi = await fakeNvidiaSmi(prints('No devices were found'))
    expect(await listGpus(createQueryGpus(smi.variables))).toEqual([])
  })

  test('are unknown without nvidia-smi', async () => {
    expect(await listGpus(createQueryGpus({ PATH: '/nonexistent' }))).toBeUndefined()
  })

  test('cannot be told when the driver is broken, and the error says what nvidia-smi said', async () => {
    const smi = await fakeNvidiaSmi(
      `${prints('Failed to initialize NVML: Driver/library version mismatch')}\nexit 18`,
    )
    await expect(listGpus(createQueryGpus(smi.variables))).rejects.toThrow('version mismatch')
  })

  test('cannot be told when nvidia-smi hangs, and it is killed', async () => {
    const smi = await fakeNvidiaSmi('trap "" TERM\nwhile :; do :; done')
    await expect(listGpus(createQueryGpus(smi.variables, 100))).rejects.toThrow('no answer within 100 ms')
  })
})
