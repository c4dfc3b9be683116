import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newJobId } from '../../shared/job-id.ts'
import { isTerminal } from '../../shared/job-state.ts'
import type { Webhook } from '../../shared/webhook.ts'
import { type DyingQueue, dyingQueue } from '../support/dead-letters.ts'
import { DEADLY_PIXEL } from '../support/deadly-pixel.ts'
import { edgebatch, ONE_LINE } from '../support/edgebatch-process.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newJob, PoolQueue } from '../support/pool-queue.ts'
import { MODEL, QUEUE } from '../support/queue.ts'
import { redisUrlOf } from '../support/redis-users.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway(redisUrlOf('admin'))
})
afterAll(() => gateway.close())

const webhook: Webhook = {
  url: 'https://user:pass@hooks.example:8443/hidden-path?token=hidden',
  events: ['succeeded', 'failed'],
  origin: 'https://edge.example',
}

/** A queue, and `edgebatch dlq ...` on it. */
async function office(address: () => Record<string, string> = () => ({ REDIS_URL: redisUrlOf('admin') })) {
  const queue = await dyingQueue()
  const env = { ...address(), KEY_PREFIX: queue.keys.prefix }
  return { ...queue, dlq: (...args: string[]) => edgebatch(env, 'dlq', ...args) }
}

/** A letter of a model that no pool announces any more. */
async function letterOf(model: string, { redis, keys }: DyingQueue): Promise<string> {
  const id = newJobId(model)
  const told = [
    'version',
    '7',
    'reason',
    'pool-lost',
    'attempts',
    '3',
    'pool',
    'gone',
    'at',
    '1000',
    'fields',
    '{}',
  ]
  await redis.xadd(keys.dead(model), '*', 'job', id, ...told)
  return id
}

/** The new job's id, from what `retry` prints. */
function retriedAs(old: string, stdout: string): string {
  const line = stdout.split('\n').find((text) => text.startsWith(`${old} -> `)) ?? ''
  return line.slice(`${old} -> `.length)
}

describe.each([
  ['TCP', () => ({ REDIS_URL: redisUrlOf('admin') })],
  ['REST', () => ({ UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token })],
] as const)('over %s', (_, address) => {
  test('letters of all models are listed, newest first, for people and for programs', async () => {
    const { dlq, ...queue } = await office(address)
    const { id, payload } = await queue.die()
    const other = await letterOf('another-model', queue)
    const people = await dlq('list')
    expect(people).toMatchObject({ code: 0, stderr: '' })
    const [headings, first, second, ...more] = people.stdout.trimEnd().split('\n')
    expect(headings).toMatch(/^JOB +MODEL +REASON +ATTEMPTS +AT +POOL +INPUT$/)
    expect(first).toMatch(
      new RegExp(
        `^${id} +${MODEL}@1 +instance-lost +1 +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ +dying +1 KiB$`,
      ),
    )
    const gone = 'another-model@7 +pool-lost +3 +1970-01-01T00:00:01Z +gone +expired'
    expect(second).toMatch(new RegExp(`^${other} +${gone}$`))
    expect(more).toEqual([])
    expect(JSON.parse((await dlq('list', '--json')).stdout)).toEqual([
      expect.objectContaining({ id, model: MODEL, model_version: '1', input_bytes: payload.length }),
      {
        ...{ id: other, model: 'another-model', model_version: '7', reason: 'pool-lost', attempts: 3 },
        ...{ pool: 'gone', at: '1970-01-01T00:00:01.000Z', input_bytes: null },
      },
    ])
    const { stdout } = await dlq('list', '--model', MODEL, '--json')
    expect((JSON.parse(stdout) as { id: string }[]).map((letter) => letter.id)).toEqual([id])
  })

  test('all but the input and the webhook’s secrets is shown of one', async () => {
    const { dlq, die } = await office(address)
    const { id, payload } = await die({ webhook, owner: 'AbCdEf012345', requestId: 'asked-first' })
    const people = await dlq('show', id)
    expect(people).toMatchObject({ code: 0, stderr: '' })
    const lines = [
      ...[`id +${id}`, 'reason +instance-lost', 'attempts +1', 'pool +dying', 'owner +AbCdEf012345'],
      ...[`input +1 KiB \\(${payload.length} bytes\\)`, 'job.request_id +asked-first', 'job.shape +2,2,3'],
      ...['webhook +hooks.example:8443 \\(succeeded, failed\\)', 'job.deadline +\\d{4}-.*Z'],
    ]
    for (const line of lines) expect(people.stdout).toMatch(new RegExp(`^${line}$`, 'm'))
    const programs = await dlq('show', id, '--json')
    expect(JSON.parse(programs.stdout)).toMatchObject({
      ...{ id, owner: 'AbCdEf012345', webhook: { host: 'hooks.example:8443', events: webhook.events } },
      job: { request_id: 'asked-first', priority: 'normal', deadline: expect.stringMatching(/Z$/) },
    })
    for (const { stdout } of [people, programs]) {
      expect(stdout).not.toMatch(/hidden|pass/)
      expect(stdout).not.toContain(payload)
    }
  })

  test('a letter is retried as a new job, once', async () => {
    const { dlq, die, producer, letters } = await office(address)
    const { id } = await die()
    const { code, stdout, stderr } = await dlq('retry', id)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\S+ -> \S+\n$/) })
    expect(await producer.read(retriedAs(id, stdout))).toMatchObject({ status: 'queued', model: MODEL })
    expect(stderr).toMatch(ONE_LINE)
    expect(stderr).toContain(`no pool serves ${MODEL}@1 now`)
    expect(await letters.list(MODEL)).toEqual([])
    const again = await dlq('retry', id)
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) })
    expect(again.stderr).toContain(`there is no dead letter ${id} in `)
  })

  test('letters are dropped, by their ids or all', async () => {
    const { dlq, die, letters } = await office(address)
    const [first, second, third] = [await die(), await die(), await die()]
    expect(await dlq('drop', first.id)).toEqual({ code: 0, stdout: `${first.id} dropped\n`, stderr: '' })
    expect((await letters.list(MODEL)).map(({ id }) => id)).toEqual([third.id, second.id])
    expect(await dlq('drop', '--all')).toMatchObject({ code: 0, stderr: '' })
    expect(await letters.list(MODEL)).toEqual([])
    const none = /^edgebatch: there are no dead letters in Redis at [^\n]*\n$/
    for (const command of ['list', 'retry --all', 'drop --all'])
      expect(await dlq(...command.split(' '))).toEqual({
        code: 0,
        stdout: '',
        stderr: expect.stringMatching(none),
      })
  })
})

test('of several, those that cannot be retried stay, are told, and hold up no other', async () => {
  const { dlq, die, redis, keys, letters } = await office()
  const [first, expired, last] = [await die(), await die(), await die()]
  await redis.del(keys.input(MODEL, expired.id))
  const gone = newJobId(MODEL)
  const { code, stdout, stderr } = await dlq('retry', first.id, expired.id, gone, last.id, first.id)
  expect(code).toBe(1)
  expect(stdout.trimEnd().split('\n')).toHaveLength(2)
  expect([first.id, last.id].map((id) => retriedAs(id, stdout).endsWith(`.${MODEL}`))).toEqual([true, true])
  expect(stderr).toContain(`the input of ${expired.id} has expired`)
  expect(stderr).toContain(`edgebatch dlq drop ${expired.id} deletes`)
  expect(stderr).toContain(`there is no dead letter ${gone}`)
  expect(stderr).toMatch(/edgebatch: 2 of 4 are as they were[^\n]*\n$/)
  expect((await letters.list(MODEL)).map(({ id }) => id)).toEqual([expired.id])
})

test('all of a model are retried, and those of others are not', async () => {
  const { dlq, ...queue } = await office()
  await queue.die()
  await queue.die()
  const other = await letterOf('another-model', queue)
  expect(await dlq('retry', '--all', '--model', MODEL)).toMatchObject({ code: 0 })
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(2)
  expect(await queue.letters.list('another-model')).toMatchObject([{ id: other }])
  const { code, stderr } = await dlq('retry', '--all')
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(ONE_LINE) })
  expect(stderr).toContain(`what is kept of ${other} makes no job`)
})

test.each(['-', '--', '--no-', '-_'])('an id that begins with %s is an id', async (beginning) => {
  const { dlq, die } = await office()
  const id = beginning + newJobId(MODEL).slice(beginning.length)
  await die({ id })
  expect(JSON.parse((await dlq('show', id, '--json')).stdout)).toMatchObject({ id })
  const { code, stdout } = await dlq('retry', id)
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`${id} -> `) })
})

test('a key prefix is no pattern', async () => {
  const { keys, ...queue } = await dyingQueue()
  const odd = `${keys.prefix}[a]*`
  const fields = ['job', newJobId('a-model'), 'version', '1', 'at', '1000']
  await queue.redis.xadd(`${odd}{a-model}:dead`, '*', ...fields)
  await queue.redis.xadd(`${keys.prefix}ab{b-model}:dead`, '*', 'job', newJobId('b-model'), 'at', '1000')
  const { stdout } = await edgebatch(
    { REDIS_URL: inject('redisUrl'), KEY_PREFIX: odd },
    'dlq',
    'list',
    '--json',
  )
  expect((JSON.parse(stdout) as { model: string }[]).map(({ model }) => model)).toEqual(['a-model'])
})

test('a Redis that is full refuses a retry in one line, and the letter stays', async () => {
  const { url } = await ownRedis()
  const queue = await dyingQueue(url)
  const { id } = await queue.die()
  await queue.redis.config('SET', 'maxmemory', '1')
  const env = { REDIS_URL: url, KEY_PREFIX: queue.keys.prefix }
  const { code, stdout, stderr } = await edgebatch(env, 'dlq', 'retry', id)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^edgebatch: Redis at \S+ refuses: OOM [^\n]*\n$/)
  expect((await queue.letters.list(MODEL)).map((letter) => letter.id)).toEqual([id])
})

test.each<[what: string, args: string[], message: RegExp]>([
  ['no id', ['retry'], /which dead letters\? As in: edgebatch dlq retry ID, or --all/],
  ['ids beside --all', ['drop', '--all', 'AZaz09-_AZaz09-_AZaz09.m'], /--all and ids exclude one another/],
  ['a model without --all', ['drop', '--model', 'm'], /edgebatch dlq drop --all --model m/],
  ['no id of a job', ['retry', 'hello'], /"hello" is no id of a job/],
  ['a model that is none', ['list', '--model', 'M'], /--model: "M" is none/],
  ['an unknown flag', ['retry', '--every'], /there is no flag --every;/],
  ['nothing to show', ['show'], /which dead letter\? One, as in/],
  ['no Redis', ['list'], /which Redis\? Set REDIS_URL \(npm start prints it\), or UPSTASH_REDIS_REST_URL/],
])('%s is one clear line', async (_, args, message) => {
  const { code, stdout, stderr } = await edgebatch({}, 'dlq', ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(ONE_LINE)
  expect(stderr).toMatch(message)
})

test('what died with its pool is found, retried, and run to success by a pool that bears it', async () => {
  const queue = await PoolQueue.open()
  const env = { REDIS_URL: redisUrlOf('admin'), KEY_PREFIX: queue.keys.prefix }
  const dying = { LEASE_SECONDS: '1', MAX_ATTEMPTS: '1' }
  const deadly = fileURLToPath(new URL('../support/deadly-process.ts', import.meta.url))
  const payload = Buffer.alloc(224 * 224 * 3, DEADLY_PIXEL).toString('base64')
  const { settled } = await queue.enqueue([newJob(1, { payload })])
  const pool = await queue.startPool({ ...dying, NODE_OPTIONS: `--import=${deadly}` })
  await pool.endedByItself
  await queue.startPool(dying)
  const [old] = await settled
  expect(old).toMatchObject({ status: 'failed', error: 'attempts-exhausted' })
  const { code, stdout, stderr } = await edgebatch(env, 'dlq', 'retry', '--all')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const id = retriedAs(old?.id ?? '', stdout)
  let job = await queue.producer.read(id)
  while (job && !isTerminal(job.status)) job = await queue.producer.read(id)
  expect(job).toMatchObject({ status: 'succeeded' })
})
