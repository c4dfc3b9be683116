import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { ownRedis } from '../support/own-redis.ts'
import { processEnv } from '../support/process-env.ts'

/** The doctor as people run it, on a machine without nvidia-smi. */
async function doctor(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ['worker-pool/doctor-main.ts', ...args], {
    env: { ...processEnv(), PATH: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { output, errors, code }
}

describe('the doctor', () => {
  test('finds what a pool on CPU needs, and forgives the GPU', async () => {
    const redis = await ownRedis()
    const { output, code } = await doctor({ REDIS_URL: redis.url }, '--json')
    const { ok, checks } = JSON.parse(output) as { ok: boolean; checks: Check[] }
    const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]))
    expect(states).toMatchObject({
      Node: 'ok',
      'ONNX Runtime': 'ok',
      'NVIDIA driver': 'missing',
      models: 'ok',
      'run of efficientnet-lite0 1': 'ok',
      sharp: 'ok',
      Redis: 'ok',
      "Redis' clock": 'ok',
    })
    expect({ ok, code }).toEqual({ ok: true, code: 0 })
    expect(checks.find(({ name }) => name === 'models')?.found).toBe('efficientnet-lite0 1')
  })

  test('fails a machine without a GPU that is to use one', async () => {
    const redis = await ownRedis()
    const { output, code } = await doctor({ REDIS_URL: redis.url, EXECUTION_PROVIDERS: 'cuda,cpu' })
    expect(code).toBe(1)
    expect(output).toMatch(/^missing {2}NVIDIA driver/m)
    expect(output).toMatch(/^missing {2}run of efficientnet-lite0 1 +cuda is not available/m)
  })

  test('names a model package that cannot be read, and Redis that is not there', async () => {
    const { output, code } = await doctor({
      REDIS_URL: 'redis://:secret@127.0.0.1:1',
      MODEL_DIR: 'models/none',
    })
    expect(code).toBe(1)
    expect(output).toContain('models/none/model.json: there is no such file')
    expect(output).toMatch(/^missing {2}Redis .*127\.0\.0\.1:1/m)
    expect(output).not.toContain('secret')
  })

  test('says which setting is wrong, and ends with the code for that', async () => {
    const { errors, code } = await doctor({ REDIS_URL: '' })
    expect({ errors, code }).toEqual({
      errors: 'doctor: REDIS_URL is not set (see the environment)\n',
      code: 78,
    })
  })
})
