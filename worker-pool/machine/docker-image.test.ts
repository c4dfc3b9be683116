import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { argumentsOf, isLeftOut, stage, stages } from '../../test/support/dockerfile.ts'
import { processEnv } from '../../test/support/process-env.ts'
import { POOL_NODE_FLAGS } from '../node-flags.ts'

const execute = promisify(execFile)
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

describe('the image', () => {
  test('is built on pinned images', () => {
    const own = new Set(stages.map(({ name }) => name))
    const foreign = stages.map(({ image }) => image).filter((image) => image !== 'scratch' && !own.has(image))
    expect(new Set(foreign)).toHaveLength(2)
    for (const image of foreign) expect(image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+-/)
  })

  test('has the Node that the project is tested with', () => {
    const { dependencies } = JSON.parse(read('package.json'))
    expect(stage('cpu').image).toBe(`node:${dependencies.node}-bookworm-slim`)
    for (const name of ['dependencies', 'edge', 'gateway', 'tools'])
      expect(stage(name).image).toBe(stage('cpu').image)
  })

  test.each(['cuda', 'cpu'])('of kind %s runs the pool, not as root, and says whether it lives', (name) => {
    expect(argumentsOf(stage(name), 'USER')).toEqual(['10001:10001'])
    expect(argumentsOf(stage(name), 'CMD').map((command) => JSON.parse(command))).toEqual([
      ['node', ...POOL_NODE_FLAGS, 'worker-pool/main.ts'],
    ])
    expect(argumentsOf(stage(name), 'EXPOSE')).toEqual(['9400'])
    // Within a container, 127.0.0.1 cannot be reached through a published port.
    expect(argumentsOf(stage(name), 'ENV')[0]).toContain('HEALTH_HOST=0.0.0.0 HEALTH_PORT=9400')
    expect(argumentsOf(stage(name), 'ENV')[0]).toContain('ORT_DISABLE_TELEMETRY=1')
    expect(argumentsOf(stage(name), 'HEALTHCHECK')).toHaveLength(1)
  })

  test.each(['edge', 'gateway', 'tools'])('of kind %s runs as nobody in particular', (name) => {
    expect(argumentsOf(stage(name), 'USER')).toEqual(['10001:10001'])
  })

  test('fetches the GPU libraries on purpose, and fails to build if they are for another CUDA', () => {
    const run = argumentsOf(stage('cuda-dependencies'), 'RUN').join('\n')
    expect(run).toContain('--onnxruntime-node-install=cuda12')
    expect(run).toMatch(/libcudart\.so\.13.*readelf -d libonnxruntime_providers_cuda\.so.*exit 1/)
    expect(stage('cuda').image).toMatch(/^nvidia\/cuda:13\.0\.\d+-cudnn-runtime-/)
    expect(argumentsOf(stage('cuda'), 'RUN').join('\n')).toMatch(/libcudnn\.so\.9.*exit 1/)
  })

  test('is given all that it copies, and no tests', () => {
    const copied = stages
      .flatMap((one) => argumentsOf(one, 'COPY'))
      .filter((line) => !line.startsWith('--from='))
      .flatMap((line) => line.split(' ').slice(0, -1))
    expect(copied.filter(isLeftOut)).toEqual([])
    expect(copied).toEqual(
      expect.arrayContaining([
        'shared',
        'worker-pool',
        'models',
        'edge',
        'gateway',
        'cli',
        'package-lock.json',
      ]),
    )
    for (const path of ['worker-pool/main.ts', 'models/efficientnet-lite0/1/model.onnx']) {
      expect([path, isLeftOut(path)]).toEqual([path, false])
    }
    for (const path of [
      'worker-pool/env.test.ts',
      'deploy/compose/users.acl',
      'deploy/compose/compose-files.test.ts',
      'deploy/prometheus/alerts.yaml',
      'models/efficientnet-lite0/1/convert/convert.py',
      'node_modules/zod/x.js',
      '.git/config',
      '.edgebatch/x',
      '.env',
    ]) {
      expect([path, isLeftOut(path)]).toEqual([path, true])
    }
  })
})

describe('the health check', () => {
  const [check = ''] = argumentsOf(stage('cuda'), 'HEALTHCHECK')
  const [, ...args] = JSON.parse(check.slice(check.indexOf('['))) as string[]
  const run = (port: number) =>
    execute(process.execPath, args, { env: { ...processEnv(), HEALTH_PORT: String(port) } }).then(
      () => 0,
      (error: { code: number }) => error.code,
    )

  /** A pool of which only /live answers. */
  async function poolAnswering(status: number): Promise<number> {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/live' ? status : 500).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  test('is the same in both kinds', () => {
    expect(argumentsOf(stage('cpu'), 'HEALTHCHECK')).toEqual([check])
  })

  test('passes a pool that lives, and no other', async () => {
    expect(await run(await poolAnswering(200))).toBe(0)
    expect(await run(await poolAnswering(503))).toBe(1)
    expect(await run(1)).toBe(1)
  })
})
