import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { fakeAws } from './machine/fake-aws.ts'
import { type FakeCloud, NOWHERE } from './machine/fake-cloud.ts'
import { fakeGoogle } from './machine/fake-google.ts'
import { IMAGE, Machine, type MachineOptions } from './machine/machine.ts'

const REDIS_URL = "rediss://default:p4ss'word@redis.example.com:6379"
const SECRETS = JSON.stringify({ REDIS_URL, WEBHOOK_SECRET: 'whsec_c2VjcmV0' })

/** Its start fails for this reason, which holds no secret. */
async function refuses(machine: Machine, why: RegExp): Promise<void> {
  const { code, said } = await machine.run('prepare')
  expect(said).toMatch(why)
  expect(code).toBe(1)
  const { reason } = await machine.files('run')
  expect(said).toContain(reason)
  const told = JSON.stringify([said, await machine.dockerCalls()])
  for (const secret of [...machine.cloud.credentials, 'p4ss', 'c2VjcmV0']) expect(told).not.toContain(secret)
}

const noTools = !inject('hasMachineTools')

describe.skipIf(noTools).each([
  ['AWS', fakeAws],
  ['Google Cloud', fakeGoogle],
])('before its pool starts, a machine on %s', (_, open) => {
  const machineWith = async (secret: string | undefined, options: MachineOptions = {}) => {
    const cloud = await open()
    cloud.secret = secret
    return Machine.make(cloud, options)
  }

  test('fetches the secret into a file of the pool alone, and pulls the image', async () => {
    const machine = await machineWith(SECRETS)
    expect(await machine.run('prepare')).toMatchObject({ code: 0 })
    const file = join(machine.folder, 'run', 'secrets.env')
    expect(await readFile(file, 'utf8')).toBe(`REDIS_URL=\`${REDIS_URL}\`\nWEBHOOK_SECRET='whsec_c2VjcmV0'\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o400)
    expect(await machine.dockerCalls()).toContainEqual(['pull', '--quiet', IMAGE])
  })

  test('does not ask for an image again that it has', async () => {
    const machine = await machineWith(SECRETS)
    await machine.run('prepare')
    await machine.setDocker({ images: {} })
    expect(await machine.run('prepare')).toMatchObject({ code: 0 })
  })

  test("logs in to the cloud's own registry, and keeps no login", async () => {
    const cloud = await open()
    cloud.secret = SECRETS
    const docker = { images: { [cloud.ownImage]: cloud.registryPassword } }
    const machine = await Machine.make(cloud, { settings: { IMAGE: cloud.ownImage }, docker })
    const { code, said } = await machine.run('prepare')
    expect([code, said]).toEqual([0, `edgebatch: pulling ${cloud.ownImage}\n`])
    const kept = JSON.stringify([await machine.files('run'), await machine.dockerCalls()])
    for (const secret of cloud.credentials) expect(kept).not.toContain(secret)
  })

  test('says that there is no such secret', async () => {
    await refuses(await machineWith(undefined), /cannot read the secret .*pool.*: HTTP 40[04] .*(find|found)/)
  })

  test('says why it is not given the secret', async () => {
    const machine = await machineWith(SECRETS)
    machine.cloud.refusal = { status: 403, body: { message: 'AccessDenied: not for this machine' } }
    await refuses(machine, /cannot read the secret .*pool.*: HTTP 403 .*not for this machine/)
  })

  test('says that the image cannot be pulled', async () => {
    const machine = await machineWith(SECRETS, { docker: { images: {} } })
    await refuses(machine, /cannot pull ghcr.*manifest unknown.*Check worker_image/)
  })

  test('gives up a pull that does not end', async () => {
    const machine = await machineWith(SECRETS, { docker: { hangs: true }, settings: { PULL_SECONDS: '0.1' } })
    await refuses(machine, /cannot pull ghcr.*: not done within 0.1 s/)
  })

  test('says that the metadata service does not answer, after ten tries', async () => {
    const machine = await machineWith(SECRETS)
    machine.cloud.variables.METADATA_URL = NOWHERE
    await refuses(machine, /the metadata service \(http:.*\) does not answer \(10 tries\)/)
    expect(machine.pauses).toEqual(Array(9).fill(3))
  })

  test("says that the cloud's API cannot be reached", async () => {
    const machine = await machineWith(SECRETS)
    for (const name of ['AWS_ENDPOINT_URL', 'GCP_ENDPOINT_URL']) machine.cloud.variables[name] = NOWHERE
    await refuses(machine, /cannot read the secret .*: curl: \(7\) Failed to connect/)
  })
})

describe.skipIf(noTools)('before its pool starts, a machine', () => {
  test.each([
    ['rediss://default:p4ss@redis', /no JSON object of variables/],
    ['["p4ss"]', /no JSON object of variables/],
    ['{"WEBHOOK_SECRET": "whsec_c2VjcmV0"}', /has no REDIS_URL/],
    ['{"REDIS_URL": ""}', /has no REDIS_URL/],
    ['{"redis-url": "p4ss"}', /no environment variable's: "redis-url"/],
    ['{"REDIS_URL": ["p4ss"]}', /a REDIS_URL that is not one line of text/],
    ['{"REDIS_URL": "a\\np4ss"}', /a REDIS_URL that is not one line of text/],
    [`{"REDIS_URL": "\`'p4ss"}`, /a REDIS_URL with both/],
  ])('says what is wrong with the secret %s, but not what is in it', async (secret, why) => {
    const cloud = await fakeAws()
    cloud.secret = secret
    await refuses(await Machine.make(cloud), why)
  })

  const machineWith = async (options: MachineOptions) => {
    const cloud: FakeCloud = await fakeAws()
    cloud.secret = SECRETS
    return Machine.make(cloud, { ...options, settings: { USE_GPU: 'true' } })
  }

  test.each([
    [undefined, /no nvidia-smi: choose a machine image with NVIDIA's driver/],
    ['echo 575.57.08', /NVIDIA's driver is 575.57.08, and the pool needs 580 or newer/],
    ['echo "No devices were found"; exit 6', /no GPU: nvidia-smi says: No devices were found/],
    ['echo "Unable to determine the device handle"', /no GPU: nvidia-smi says: Unable to determine/],
  ])('whose nvidia-smi is `%s` says what it lacks', async (nvidiaSmi, why) => {
    const machine = await machineWith({ nvidiaSmi })
    await refuses(machine, why)
  })

  test('with a driver that is new enough goes on', async () => {
    const machine = await machineWith({ nvidiaSmi: 'echo 580.95.05; echo 580.95.05' })
    expect(await machine.run('prepare')).toMatchObject({ code: 0 })
  })

  test('whose docker knows the GPU installs nothing, and asks no mirror', async () => {
    const machine = await machineWith({ docker: { runtimes: ['runc', 'nvidia'] } })
    expect(await machine.run('install-container-runtime')).toEqual({ code: 0, said: '' })
  })

  test('without a docker that answers says so', async () => {
    const machine = await machineWith({ nvidiaSmi: 'echo 595.71.05', docker: { daemonIsDown: true } })
    await refuses(machine, /docker does not answer: Cannot connect to the Docker daemon/)
  })

  test('whose signature AWS takes for wrong does not tell what AWS quotes of its request', async () => {
    const machine = await machineWith({ nvidiaSmi: 'echo 595.71.05' })
    const message =
      'The request signature we calculated does not match the signature you provided.\n\n' +
      "The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2lu"
    machine.cloud.refusal = { status: 403, body: { __type: 'InvalidSignatureException', message } }
    const { said } = await machine.run('prepare')
    expect(said).toMatch(/cannot read the secret .*: HTTP 403 .*InvalidSignatureException.* does not match/)
    expect(said).not.toContain('IQoJ')
  })

  test('with a wrong clock says so, as no signature of it is taken', async () => {
    const machine = await machineWith({ nvidiaSmi: 'echo 595.71.05' })
    const Message = 'Signature expired: 20260101T000000Z is now earlier than 20260101T070000Z'
    machine.cloud.refusal = { status: 400, body: { __type: 'InvalidSignatureException', Message } }
    await refuses(machine, /Signature expired.*The clock of this machine is wrong: it says \d{4}-\d\d-\d\dT/)
  })
})
