import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'
import { BUNDLED_MODEL, onlyModel } from '../support/model-package.ts'
import { newJob, PoolQueue } from '../support/pool-queue.ts'
import { fakeAws } from './machine/fake-aws.ts'
import type { FakeCloud } from './machine/fake-cloud.ts'
import { fakeGoogle } from './machine/fake-google.ts'
import { IMAGE, Machine, type MachineOptions } from './machine/machine.ts'

const CLOUDS: [name: string, open: () => Promise<FakeCloud>][] = [
  ['AWS', fakeAws],
  ['Google Cloud', fakeGoogle],
]
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
/** A container whose process lives until it is told to end. */
const LIVES_ON = ['node', '-e', "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000)"]

const secretsWith = (redisUrl: string) => JSON.stringify({ REDIS_URL: redisUrl, WEBHOOK_SECRET })
const poolEnv = (cloud: FakeCloud, keyPrefix: string) => ({
  ...{ MAX_BATCH_SIZE: '4', INTRA_OP_THREADS: '1', DRAIN_SECONDS: '20', KEY_PREFIX: keyPrefix },
  ...{ EXECUTION_PROVIDERS: 'cpu', PREEMPTION_NOTICE: cloud.name === 'aws' ? 'ec2' : 'gcp' },
  ...{ METADATA_URL: cloud.variables.METADATA_URL ?? '', ...onlyModel(BUNDLED_MODEL) },
})

async function machineOf(
  cloud: FakeCloud,
  options: MachineOptions = {},
  redisUrl = 'redis://127.0.0.1:1',
): Promise<Machine> {
  cloud.secret = secretsWith(redisUrl)
  return Machine.make(cloud, options)
}

const noTools = !inject('hasMachineTools')

describe.skipIf(noTools).each(CLOUDS)('the service of a machine on %s', (_, open) => {
  test('serves jobs with the real pool, says that it is ready, and stops in order', async () => {
    const cloud = await open()
    const queue = await PoolQueue.open()
    const { settled } = await queue.enqueue([newJob(1)])
    const options = { poolEnv: poolEnv(cloud, queue.keys.prefix), settings: { USE_GPU: 'true' } }
    const machine = await machineOf(cloud, { ...options, nvidiaSmi: 'echo 595.71.05' }, inject('redisUrl'))
    expect(await machine.run('prepare')).toMatchObject({ code: 0 })
    const service = machine.start('run')
    await service.untilCalled(/^systemd-notify --ready/)
    expect(await settled).toMatchObject([{ status: 'succeeded' }])
    const before = machine.commands.splice(0)
    await service.untilCalled(/^systemd-notify WATCHDOG=1/)
    service.stop()
    expect(await service.ended).toMatchObject({ code: 0, said: 'edgebatch: the pool is ready\n' })
    expect(await machine.dockerCalls()).toContainEqual(['stop', '-t', '25', 'edgebatch-pool'])
    expect((await machine.files('docker', 'container')).log).toMatch(/"msg":"stopped"/)
    expect(await machine.run('after-stop', { SERVICE_RESULT: 'success' })).toMatchObject({
      code: 0,
      said: '',
    })
    expect(cloud.launchHook).toEqual(cloud.name === 'aws' ? ['CONTINUE'] : [])
    // What is on docker's disk, in its log, and left on the machine.
    const kept = JSON.stringify([await machine.files('docker'), await machine.files('run'), before])
    for (const secret of [inject('redisUrl'), WEBHOOK_SECRET, ...cloud.credentials])
      expect(kept).not.toContain(secret)
  })

  test('gives the machine up after its last start, each further apart, and says why', async () => {
    const cloud = await open()
    const docker = { images: { [IMAGE]: null }, command: ['sh', '-c', 'echo first; echo no luck; exit 3'] }
    const machine = await machineOf(cloud, { docker, settings: { MAX_START_ATTEMPTS: '4' } })
    const starts = await machine.serveUntilPowerOff()
    expect(starts).toHaveLength(4)
    expect(machine.pauses.filter((seconds) => seconds !== 5)).toEqual([15, 30, 60])
    expect(starts[0]?.said).toMatch(/start 1 of 4 failed: the pool ended with 3: no luck/)
    expect(starts[3]?.said).toMatch(
      /gives this machine up after 4 failed starts: the pool ended with 3: no luck/,
    )
    expect(cloud.reports).toHaveLength(4)
    expect(cloud.reports[3]).toMatch(/(i-0123456789abcdef0|pool-x1b2).*: gives this machine up after 4/)
    expect(cloud.launchHook).toEqual(cloud.name === 'aws' ? ['ABANDON'] : [])
    expect(Object.keys(await machine.files('run'))).not.toContain('secrets.env')
  })
})

describe.skipIf(noTools)('the service of a machine', () => {
  test('starts the container with the GPU, the secrets as a file, and no rights that it does not need', async () => {
    const cloud = await fakeAws()
    const docker = { images: { [IMAGE]: null }, command: ['node', '-e', 'process.exit(1)'] }
    const settings = { USE_GPU: 'true' }
    const machine = await machineOf(cloud, { docker, settings, nvidiaSmi: 'echo 595.71.05' })
    await machine.run('prepare')
    await machine.run('run')
    const run = (await machine.dockerCalls()).find(([command]) => command === 'run')
    const folder = (name: string) => join(machine.folder, name)
    expect(run).toEqual([
      ...[
        'run',
        '--detach',
        '--name',
        'edgebatch-pool',
        '--network',
        'host',
        '--read-only',
        '--tmpfs',
        '/tmp',
      ],
      ...[
        '--cap-drop',
        'ALL',
        '--security-opt',
        'no-new-privileges',
        '--stop-timeout',
        '25',
        '--gpus',
        'all',
      ],
      ...['--log-driver', 'awslogs', '--log-opt', 'awslogs-region=eu-west-1'],
      ...[
        '--log-opt',
        'awslogs-group=/edgebatch/pool',
        '--log-opt',
        'awslogs-stream=i-0123456789abcdef0/pool',
      ],
      ...['--log-opt', 'mode=non-blocking', '--env-file', folder('etc/pool.env'), '--mount'],
      `type=bind,source=${folder('run/secrets.env')},target=/run/secrets/edgebatch.env,readonly`,
      ...[IMAGE, 'node', '--env-file=/run/secrets/edgebatch.env'],
      ...POOL_NODE_FLAGS,
      'worker-pool/main.ts',
    ])
  })

  test('feeds the watchdog only while /live says so', async () => {
    const cloud = await fakeAws()
    const docker = { images: { [IMAGE]: null }, command: LIVES_ON }
    const machine = await machineOf(cloud, { docker })
    const answers = [503, 503, 200]
    let refusals = 0
    const server = createServer((request, response) => {
      const status = request.url === '/live' ? (answers.shift() ?? 200) : 503
      if (request.url === '/live' && status === 503) refusals++
      response.writeHead(status).end()
    }).listen(machine.healthPort, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    await machine.run('prepare')
    const service = machine.start('run')
    await service.untilCalled(/^systemd-notify WATCHDOG=1/)
    expect(refusals).toBe(2)
    expect(machine.commands.filter((line) => /--ready/.test(line))).toEqual([])
    service.stop()
    expect(await service.ended).toMatchObject({ code: 0 })
  })

  test('does not start a pool again that has stopped since the machine is taken away, and goes if it is not', async () => {
    const cloud = await fakeAws()
    cloud.takesAway = true
    const queue = await PoolQueue.open()
    const settings = { GONE_SECONDS: '0' }
    const options = { poolEnv: poolEnv(cloud, queue.keys.prefix), settings }
    const machine = await machineOf(cloud, options, inject('redisUrl'))
    const [only, ...more] = await machine.serveUntilPowerOff()
    expect(more).toEqual([])
    expect(only?.said).toMatch(/the pool has stopped in order: this machine is being taken away/)
    expect(only?.said).toMatch(/gives this machine up .* was not taken away within 0 s/)
  })

  test('waits five minutes at most between two starts', async () => {
    const machine = await machineOf(await fakeAws())
    await writeFile(join(machine.folder, 'run', 'failures'), '1\n'.repeat(6))
    await machine.run('prepare')
    expect(machine.pauses).toEqual([300])
  })

  test('says that the pool does not reach Redis', async () => {
    const cloud = await fakeAws()
    const machine = await machineOf(cloud, { poolEnv: poolEnv(cloud, 'none:') })
    await machine.run('prepare')
    const { code, said } = await machine.run('run')
    expect(said).toMatch(/the pool ended with 1: worker-pool: .*127\.0\.0\.1:1/)
    expect(code).toBe(1)
  })

  test('says why docker does not start the container', async () => {
    const runFailure =
      'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].'
    const machine = await machineOf(await fakeAws(), { docker: { images: { [IMAGE]: null }, runFailure } })
    await machine.run('prepare')
    const { code, said } = await machine.run('run')
    expect(said).toMatch(/docker cannot start ghcr.*could not select device driver/)
    expect(code).toBe(1)
  })

  test('counts failures of the last hour only', async () => {
    const machine = await machineOf(await fakeAws(), {
      settings: { FAILURE_WINDOW_SECONDS: '0', MAX_START_ATTEMPTS: '2' },
    })
    for (let i = 0; i < 2; i++) await machine.run('after-stop', { SERVICE_RESULT: 'watchdog' })
    expect(machine.commands).not.toContain('systemctl --no-block poweroff')
    expect(machine.cloud.reports[1]).toMatch(/start 1 of 2 failed: \/live did not answer for a minute/)
  })

  test('powers the machine off though nobody can be told', async () => {
    const machine = await machineOf(await fakeAws(), { settings: { MAX_START_ATTEMPTS: '1' } })
    machine.cloud.variables = { METADATA_URL: 'http://127.0.0.1:1' }
    await machine.run('after-stop', { SERVICE_RESULT: 'timeout' })
    expect(machine.commands).toContain('systemctl --no-block poweroff')
  })
})
