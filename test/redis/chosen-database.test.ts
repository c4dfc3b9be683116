import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { checkRedis } from '../../worker-pool/machine/doctor/redis-check.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { cli } from '../support/cli-session.ts'
import { ownRedis } from '../support/own-redis.ts'
import { withUser } from '../support/redis-users.ts'
import { StandingClock } from '../support/standing-clock.ts'

const NO_SUCH =
  /^Redis at 127\.0\.0\.1:\d+ does not let us into database 99: ERR DB index is out of range; name one/
const FORBIDDEN =
  /does not let us into database 1: NOPERM [^;]+; name none in its address, which is 0, or let its user: ACL SETUSER NAME \+select$/

/** A Redis with a user, and his address in a database. */
async function redisWithUser() {
  const { url } = await ownRedis()
  const owner = new Redis(url, { protocol: 2 })
  onTestFinished(() => owner.disconnect())
  await owner.acl('SETUSER', 'one', 'on', '>password', '~*', '&*', '+@all')
  return {
    owner,
    addressOf: (database: number | string) => `${withUser(url, 'one', 'password')}/${database}`,
  }
}

/** A pool's connection; `reasons`: why it was interrupted. */
async function connected(url: string, onInterruption?: (reason: string) => void) {
  const redis = await RedisTcp.connect(url, onInterruption)
  onTestFinished(() => redis.close())
  return redis
}

test('a pool does not start that Redis does not let into its database', async () => {
  const { owner, addressOf } = await redisWithUser()
  await expect(connected(addressOf(99))).rejects.toThrow(NO_SUCH)
  await owner.acl('SETUSER', 'one', '-select')
  await expect(connected(addressOf(1))).rejects.toThrow(FORBIDDEN)
  await expect(connected(addressOf(1))).rejects.toThrow(RedisUnreachableError)
})

test('a pool that is no longer let into its database waits, and never reads another', async () => {
  const { owner, addressOf } = await redisWithUser()
  await owner.hset('key', { of: 'database 0' })
  await owner.select(1)
  await owner.hset('key', { of: 'database 1' })
  const refused = Promise.withResolvers<string>()
  const redis = await connected(addressOf(1), (reason) => {
    if (/NOPERM/.test(reason)) refused.resolve(reason)
  })
  const reader = await redis.openReader()
  onTestFinished(() => reader.close())

  await owner.acl('SETUSER', 'one', '-select')
  await owner.call('CLIENT', 'KILL', 'USER', 'one')
  const reading = redis.readHash('key')
  expect(await refused.promise).toMatch(FORBIDDEN)
  await expect(redis.ping()).rejects.toThrow(RedisUnreachableError)

  await owner.acl('SETUSER', 'one', '+select')
  expect((await reading).fields).toEqual({ of: 'database 1' })
})

test('a reader is not opened in another database', async () => {
  const { owner, addressOf } = await redisWithUser()
  const redis = await connected(addressOf(1))
  await owner.acl('SETUSER', 'one', '-select')
  await expect(redis.openReader()).rejects.toThrow(FORBIDDEN)
})

test('a command of the CLI ends with what to do where Redis does not let it into its database', async () => {
  const { owner, addressOf } = await redisWithUser()
  const list = (database: number) =>
    cli({ environment: { REDIS_URL: addressOf(database) } }, 'keys', 'list').then(({ stderr }) =>
      stderr.trim(),
    )
  const [said, ...more] = (await list(99)).split('\n')
  expect(said?.replace('edgebatch: ', '')).toMatch(NO_SUCH)
  expect(more).toEqual([])
  await owner.acl('SETUSER', 'one', '-select')
  expect(await list(1)).toMatch(FORBIDDEN)
})

test('both doctors say so, with the fix, and show no password', async () => {
  const { addressOf } = await redisWithUser()
  const found = /^Redis at \S+ does not let us into database 99: ERR DB index is out of range$/
  const finding = { name: 'Redis', state: 'missing', needed: true, found: expect.stringMatching(found) }
  const fix = expect.stringMatching(/^name one in its address/)
  expect(await checkRedis(addressOf(99), new StandingClock())).toEqual([{ ...finding, fix }])
  const { stdout } = await cli({ environment: { REDIS_URL: addressOf(99) } }, 'doctor', '--json')
  expect(JSON.parse(stdout).checks).toContainEqual({ ...finding, fix })
  expect(stdout).not.toContain('password')
})

test('where the login is refused as well, that is what is said', async () => {
  const { owner, addressOf } = await redisWithUser()
  // Otherwise who gives no password, or a wrong one, is the default user.
  await owner.acl('SETUSER', 'default', 'resetpass', '>of-the-owner')
  const wrong = addressOf(1).replace(':password@', ':wrong@')
  await expect(connected(wrong)).rejects.toThrow(/^cannot reach Redis at \S+: WRONGPASS/)
})
