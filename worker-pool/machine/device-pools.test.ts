import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ConfigurationError, readConfiguration } from '../../shared/read-configuration.ts'
import { devicePools, gpuChoiceSchema } from './device-pools.ts'

const gpu = (index: number) => ({ index, uuid: `GPU-${index}`, name: 'any', memoryTotalBytes: 1 })
const choose = (GPUS: string) => readConfiguration(z.object({ GPUS: gpuChoiceSchema }), { GPUS }).GPUS

describe('GPUS', () => {
  test.each([
    ['all', 'all'],
    ['0', [0]],
    ['0,1', [0, 1]],
    [' 3 , 1 ', [3, 1]],
  ])('%j is taken', (text, choice) => {
    expect(choose(text)).toEqual(choice)
  })

  test.each(['some', '-1', '0,', '0,0', '1.5', 'all,0', '0 1'])('%j is refused', (text) => {
    expect(() => choose(text)).toThrow(ConfigurationError)
  })
})

describe('the pools of a machine', () => {
  test('are one a GPU, each told which is its own, counted as nvidia-smi does', () => {
    const pools = devicePools('all', [gpu(0), gpu(1)], { REDIS_URL: 'redis://r', GPUS: 'all' })
    expect(pools.map(({ device }) => device)).toEqual([0, 1])
    expect(pools[1]?.env).toMatchObject({
      REDIS_URL: 'redis://r',
      DEVICE_ID: '1',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    })
  })

  test('do not supervise pools of their own', () => {
    expect(devicePools([0], [gpu(0)], { GPUS: '0' })[0]?.env.GPUS).toBeUndefined()
  })

  test('do not tell the machine’s group that it can go: others may not have drained yet', () => {
    const [pool] = devicePools([0], [gpu(0)], { GPUS: '0', LIFECYCLE_HOOK_NAME: 'drain' })
    expect(pool?.env.LIFECYCLE_HOOK_NAME).toBeUndefined()
  })

  test('send nobody what they run, unless that is asked for', () => {
    const settingOf = (variables: Record<string, string>) =>
      devicePools([0], undefined, variables)[0]?.env.ORT_DISABLE_TELEMETRY
    expect(settingOf({})).toBe('1')
    expect(settingOf({ ORT_DISABLE_TELEMETRY: '0' })).toBe('0')
  })

  test('count health ports up from the first, whatever the GPUs are called', () => {
    const pools = devicePools([5, 2], [gpu(2), gpu(5)], { HEALTH_PORT: '9400' })
    expect(pools.map(({ env }) => env.HEALTH_PORT)).toEqual(['9400', '9401'])
  })

  test('have no health port where none is set, and any free one where it is 0', () => {
    const ports = (HEALTH_PORT: string | undefined) =>
      devicePools([0, 1], undefined, { HEALTH_PORT }).map(({ env }) => env.HEALTH_PORT)
    expect(ports(undefined)).toEqual([undefined, undefined])
    expect(ports('0')).toEqual(['0', '0'])
  })

  test('cannot be on GPUs that are not there', () => {
    expect(() => devicePools([0, 7], [gpu(0)], {})).toThrow(ConfigurationError)
    expect(() => devicePools('all', [], {})).toThrow(ConfigurationError)
    expect(() => devicePools('all', undefined, {})).toThrow(ConfigurationError)
  })

  test('cannot be had beside CUDA_VISIBLE_DEVICES, which counts otherwise', () => {
    expect(() => devicePools([0], [gpu(0)], { CUDA_VISIBLE_DEVICES: '1' })).toThrow(ConfigurationError)
  })
})
