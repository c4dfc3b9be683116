import type { Grant, UserGrants } from '../acl/acl-rules.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { asked } from './asked.ts'

/** What a user of Redis is granted; undefined where there is no such user, or we may not ask. */
export async function grantedTo(redis: RedisCommander, user: string): Promise<UserGrants | undefined> {
  const reply = await asked(redis, 'ACL', 'GETUSER', user)
  if (!Array.isArray(reply)) return undefined
  const selectors = valueIn(reply, 'selectors')
  const own = await grantIn(redis, reply)
  if (!Array.isArray(selectors)) return { own, selectors: [] }
  return {
    own,
    selectors: await Promise.all(selectors.filter(Array.isArray).map((each) => grantIn(redis, each))),
  }
}

async function grantIn(redis: RedisCommander, reply: readonly unknown[]): Promise<Grant> {
  const rules = (name: string) => {
    const value = valueIn(reply, name)
    return typeof value === 'string' ? value.split(' ').filter((rule) => rule !== '') : []
  }
  const commands = await Promise.all(rules('commands').map((rule) => ofCategory(redis, rule)))
  return { commands: commands.flat(), keys: rules('keys'), channels: rules('channels') }
}

/** Redis may tell of many commands as their category, and of what was not granted of it by rules that follow. */
async function ofCategory(redis: RedisCommander, rule: string): Promise<string[]> {
  const [, sign, category] = /^([+-])@(?!all$)(.+)$/.exec(rule) ?? []
  if (sign === undefined || category === undefined) return [rule]
  const commands = await asked(redis, 'ACL', 'CAT', category)
  return Array.isArray(commands) ? commands.map((command) => `${sign}${command}`) : [rule]
}

/** Of a map as RESP2 has it: name, value, name, value. */
function valueIn(reply: readonly unknown[], name: string): unknown {
  return reply.find((_, i) => i % 2 === 1 && reply[i - 1] === name)
}
