import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { BUNDLED_MODEL, onlyModel } from '../support/model-package.ts'
import { PoolQueue } from '../support/pool-queue.ts'
import { processEnv } from '../support/process-env.ts'
import { AWS_SETTINGS, fakeAws } from './machine/fake-aws.ts'
import { fakeGoogle, GOOGLE_SETTINGS } from './machine/fake-google.ts'
import { IMAGE, Machine } from './machine/machine.ts'
import { succeeded, type TerraformCopy, useTerraformCopy } from './support/terraform-copy.ts'

const execute = promisify(execFile)
const UNPACK = fileURLToPath(new URL('./machine/unpack-cloud-init.py', import.meta.url))
const MODULE = 'modules/worker-bootstrap'
/** What AWS takes as user data, in bytes. */
const AWS_LIMIT = 16_384
const cloudInit = inject('cloudInit') ?? ''

const python = (...args: string[]) =>
  execute('/usr/bin/python3', args, { env: { ...processEnv(), PYTHONPATH: cloudInit } })

const CLOUDS = [
  { name: 'AWS', cloud: 'aws', open: fakeAws, settings: AWS_SETTINGS, variables: {} },
  {
    ...{ name: 'Google Cloud', cloud: 'gcp', open: fakeGoogle, settings: GOOGLE_SETTINGS },
    variables: { install_container_runtime: 'true', health_host: '0.0.0.0' },
  },
]

/** The module's user data, with a machine's settings as variables. */
async function render(copy: TerraformCopy, variables: Record<string, string>): Promise<string> {
  const options = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`)
  succeeded(await copy.run(MODULE, 'apply', '-auto-approve', '-input=false', ...options))
  const { output } = succeeded(await copy.run(MODULE, 'output', '-json'))
  return JSON.parse(output).user_data.value
}

const canRun =
  inject('hasMachineTools') &&
  cloudInit !== '' &&
  inject('hasSystemdAnalyze') &&
  inject('terraformVersion') !== undefined

describe.skipIf(!canRun).each(CLOUDS)('the cloud-init file of a machine on $name', (machineKind) => {
  const copy = useTerraformCopy()
  let folder: string
  let userData: string
  let rest: Record<string, unknown>
  const inRoot = (path: string) => join(folder, 'root', path)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgebatch-cloud-init-'))
    const { cloud, settings, variables } = machineKind
    userData = await render(copy(), {
      ...{ cloud, worker_image: IMAGE, secret_id: settings.SECRET_ID, region: settings.REGION },
      ...{ log_group: settings.LOG_GROUP, group_name: settings.GROUP_NAME },
      ...{ launch_hook_name: settings.LAUNCH_HOOK_NAME, drain_seconds: '17' },
      ...{ worker_environment: '{LOG_LEVEL="debug"}', ...variables },
    })
    await writeFile(join(folder, 'user-data.yaml'), userData)
    rest = JSON.parse((await python(UNPACK, join(folder, 'user-data.yaml'), join(folder, 'root'))).stdout)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('passes cloud-init schema', async () => {
    const file = join(folder, 'user-data.yaml')
    const { stdout } = await python('-m', 'cloudinit.cmd.main', 'schema', '--config-file', file)
    expect(stdout).toMatch(/^Valid cloud-config/)
    const wrong = userData.replaceAll('permissions: "0755"', 'permissions: 755')
    await writeFile(join(folder, 'wrong.yaml'), wrong)
    await expect(
      python('-m', 'cloudinit.cmd.main', 'schema', '--config-file', join(folder, 'wrong.yaml')),
    ).rejects.toThrow(/is not of type 'string'/)
  })

  test('writes files, keeps updates out, and starts the service', () => {
    expect(Object.keys(rest).sort()).toEqual(['bootcmd', 'runcmd'])
    expect(rest.runcmd).toEqual([
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', 'edgebatch-pool.service'],
      ['systemctl', 'start', '--no-block', 'edgebatch-pool.service'],
    ])
  })

  test('has a unit that passes systemd-analyze verify without a word', async () => {
    const verify = () =>
      execute('systemd-analyze', [
        ...['verify', `--root=${inRoot('')}`, '--man=no', '--recursive-errors=no', 'edgebatch-pool.service'],
      ])
    expect(await verify()).toMatchObject({ stderr: '' })
    const file = inRoot('etc/systemd/system/edgebatch-pool.service')
    const unit = await readFile(file, 'utf8')
    await writeFile(file, unit.replace('RestartSec=', 'RestartSeconds='))
    await expect(verify()).rejects.toThrow(/Unknown key/)
    await writeFile(file, unit)
  })

  test('gives systemd, docker and the pool times that fit into one another', async () => {
    const unit = await readFile(inRoot('etc/systemd/system/edgebatch-pool.service'), 'utf8')
    const seconds = (key: string) => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(unit)?.[1])
    const { stdout } = await execute('bash', [
      ...['-c', '. "$1"; echo $STOP_SECONDS $CHECK_SECONDS $FAILURE_WINDOW_SECONDS $MAX_START_ATTEMPTS'],
      ...['-', inRoot('etc/edgebatch/bootstrap.conf')],
    ])
    const [stop, check, window, attempts] = stdout.split(' ').map(Number) as [number, number, number, number]
    // The pool gives back for three seconds after it has drained for 17.
    expect(stop).toBeGreaterThan(17 + 3)
    expect(seconds('TimeoutStopSec')).toBeGreaterThan(stop)
    expect(seconds('TimeoutStopSec')).toBeLessThan(30)
    expect(seconds('WatchdogSec')).toBeGreaterThan(4 * check)
    expect([seconds('StartLimitIntervalSec'), seconds('StartLimitBurst')]).toEqual([window, attempts])
  })

  test('has scripts that bash can read', async () => {
    const scripts = ['common.sh', 'cloud.sh', 'prepare', 'run', 'after-stop']
    if (machineKind.cloud === 'gcp') scripts.push('install-container-runtime')
    for (const script of scripts) await execute('bash', ['-n', inRoot(`usr/local/lib/edgebatch/${script}`)])
  })

  test("fits, compressed, into AWS' limit twice", () => {
    expect(gzipSync(userData).length).toBeLessThan(AWS_LIMIT / 2)
  })

  test('brings up the real pool', async () => {
    const cloud = await machineKind.open()
    cloud.secret = JSON.stringify({ REDIS_URL: inject('redisUrl') })
    const queue = await PoolQueue.open()
    const machine = await Machine.make(cloud, {
      unpacked: inRoot(''),
      nvidiaSmi: 'echo 595.71.05',
      poolEnv: {
        ...{ EXECUTION_PROVIDERS: 'cpu', KEY_PREFIX: queue.keys.prefix, MAX_BATCH_SIZE: '4' },
        ...{ METADATA_URL: cloud.variables.METADATA_URL ?? '', ...onlyModel(BUNDLED_MODEL) },
      },
    })
    expect(await machine.run('prepare')).toMatchObject({ code: 0 })
    const service = machine.start('run')
    await service.untilCalled(/^systemd-notify --ready/)
    service.stop()
    expect(await service.ended).toMatchObject({ code: 0 })
    const { log = '' } = await machine.files('docker', 'container')
    expect(log).toMatch(/"msg":"stopped"/)
    expect(log).toContain(cloud.name === 'aws' ? '"source":"ec2"' : '"source":"gcp"')
  })
})
