import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { fakeNvidiaSmi, prints } from '../support/fake-nvidia-smi.ts'
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

  const twoGpus = () =>
    fakeNvidiaSmi(`case "$*" in
  *driver_version*) echo '580.95.05' ;;
  *) ${prints('0, GPU-a, NVIDIA L4, 23034', '1, GPU-b, NVIDIA L4, 23034')} ;;
esac`)

  test('tries each model on each GPU that gets a pool, and looks at each health port', async () => {
    const redis = await ownRedis()
    const { variables } = await twoGpus()
    const port = await freePort()
    const env = { ...variables, REDIS_URL: redis.url, EXECUTION_PROVIDERS: 'cuda', HEALTH_PORT: String(port) }
    const { output, code } = await doctor({ ...env, GPUS: 'all' })
    expect(code).toBe(1)
    for (const device of [0, 1])
      expect(output).toMatch(new RegExp(`^missing {2}run of efficientnet-lite0 1 on GPU ${device} `, 'm'))
    for (const each of [port, port + 1])
      expect(output).toMatch(new RegExp(`^\\w+ +health port .*:${each}\\b`, 'm'))
    const absent = await doctor({ ...env, GPUS: '0,7' })
    expect(absent.code).toBe(1)
    expect(absent.output).toMatch(/^missing {2}GPUS .*no GPU 7 \(it has 0, 1\)/m)
    expect(absent.output).not.toContain('run of')
  })

  test('only warns of a provider that pools may do without', async () => {
    const redis = await ownRedis()
    const env = { REDIS_URL: redis.url, STRICT_PROVIDERS: 'false' }
    const { output, code } = await doctor({ ...env, EXECUTION_PROVIDERS: 'cuda,cpu' })
    expect(code).toBe(0)
    for (const what of ['ONNX Runtime cuda', 'libraries of cuda', 'NVIDIA driver'])
      expect(output).toMatch(new RegExp(`^warning {2}${what} `, 'm'))
    expect(output).toMatch(/^warning {2}run of efficientnet-lite0 1 +with cpu, without cuda: /m)
    expect((await doctor({ ...env, EXECUTION_PROVIDERS: 'cuda' })).code).toBe(1)
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
      errors: 'doctor: REDIS_URL is not set (settings: docs/reference/settings.md)\n',
      code: 78,
    })
  })
})
