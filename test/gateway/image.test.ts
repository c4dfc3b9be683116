import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, matchesGlob } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { argumentsOf, stage } from '../support/dockerfile.ts'
import { processEnv } from '../support/process-env.ts'

const image = stage('gateway')

/** What the image holds, but for its system: our files, and the packages that are not taken out. */
async function imageFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-image-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const copied = argumentsOf(image, 'COPY').filter((line) => !line.startsWith('--from='))
  for (const path of copied.flatMap((line) => line.split(' ').slice(0, -1)))
    await cp(join(PROJECT_ROOT, path), join(folder, path), { recursive: true })
  const [remove = ''] = argumentsOf(stage('gateway-dependencies'), 'RUN')
  const removed = remove.split(' ').filter((word) => word.startsWith('node_modules/'))
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(join(PROJECT_ROOT, 'node_modules'))) {
    const path = join('node_modules', name)
    if (removed.some((pattern) => matchesGlob(path, pattern))) continue
    await symlink(join(PROJECT_ROOT, path), join(folder, path))
  }
  return folder
}

const run = promisify(execFile)

test('the image’s files are all that its gateway needs, and its health check tells whether that lives', async () => {
  const cwd = await imageFolder()
  const settings = Object.fromEntries(
    argumentsOf(image, 'ENV')
      .join(' ')
      .split(' ')
      .map((pair) => pair.split('=')),
  )
  expect(settings).toMatchObject({ GATEWAY_HOST: '0.0.0.0', GATEWAY_PORT: '8079' })
  expect(argumentsOf(image, 'EXPOSE')).toEqual([`${settings.GATEWAY_PORT} ${settings.GATEWAY_METRICS_PORT}`])
  expect(argumentsOf(image, 'USER')).toEqual(['10001:10001'])
  const env = {
    ...processEnv(),
    ...settings,
    ...{ REDIS_URL: inject('redisUrl'), GATEWAY_TOKEN: crypto.randomUUID() },
    // Ports of this machine may be taken.
    ...{ GATEWAY_PORT: String(await freePort()), GATEWAY_METRICS_PORT: '0' },
  }
  const [check = ''] = argumentsOf(image, 'HEALTHCHECK')
  const [, ...checkArgs] = JSON.parse(check.slice(check.indexOf('['))) as string[]
  const isHealthy = () =>
    run(process.execPath, checkArgs, { cwd, env }).then(
      () => true,
      () => false,
    )
  expect(await isHealthy()).toBe(false)

  const [, ...args] = JSON.parse(argumentsOf(image, 'CMD')[0] as string) as string[]
  const gateway = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  onTestFinished(() => void gateway.kill())
  await once(gateway, 'message')
  expect(await isHealthy()).toBe(true)
  gateway.kill()
  expect(await once(gateway, 'exit')).toEqual([0, null])
})
