import type { LuaScript } from '../../../shared/redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from '../../../shared/redis-keys.ts'
import { NOW_MS, STREAM_SIZE } from '../../../shared/scripts/lua-parts.ts'
import type { Connections } from './connections.ts'

export interface StreamEntry {
  id: string
  fields: Record<string, string>
  /** For which consumer it is pending. */
  owner: string | undefined
}

export interface StreamContent {
  entries: StreamEntry[]
  /** Pending entries that are not there. */
  strays: string[]
  hasGroup: boolean
  /** Up to this entry all have been handed out. */
  lastDelivered: string
  /** By STREAM_SIZE. */
  bytes: number
}

/** All that Redis holds of a history, at one moment. */
export interface Snapshot {
  now: number
  /** ms until each key expires; -1: never. */
  ttls: Map<string, number>
  strings: Map<string, string>
  hashes: Map<string, Record<string, string>>
  lists: Map<string, string[]>
  streams: Map<string, StreamContent>
  /** When each job's webhook is due, by id. */
  dues: Map<string, number>
}

/** ARGV  1 prefix of keys  2 group  3 channel on which is said that they were looked at. KEYS has to look at all keys there are, hence a Redis that has no others. */
const snapshotScript: LuaScript = {
  name: 'snapshot',
  source: `${NOW_MS}${STREAM_SIZE}
local function stream(key)
  local entries, pending = redis.call('XRANGE', key, '-', '+'), redis.pcall('XPENDING', key, ARGV[2], '-', '+', 1000)
  local groups = redis.call('XINFO', 'GROUPS', key)
  local delivered = ''
  for i = 1, groups[1] and #groups[1] or 0, 2 do
    if groups[1][i] == 'last-delivered-id' then delivered = groups[1][i + 1] end
  end
  return {entries, pending.err and {} or pending, #groups, delivered, stream_size(key).bytes}
end

local readers = {
  string = function(key) return redis.call('GET', key) end,
  hash = function(key) return redis.call('HGETALL', key) end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  stream = stream,
}

local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  all[#all + 1] = {key, kind, redis.call('PTTL', key), readers[kind](key)}
end
redis.call('PUBLISH', ARGV[3], '')
return {now_ms(), all}
`,
}

type StreamReply = [[string, string[]][], [string, string, number, number][], number, string, number]

/** What was said on channels before has been heard when it is there. */
export async function takeSnapshot({ tcp, heard }: Connections, keys: RedisKeys): Promise<Snapshot> {
  const looked = `${keys.prefix}looked`
  const said = heard.until(looked)
  const reply = await tcp.run(snapshotScript, [], [keys.prefix, QUEUE_GROUP, looked])
  await said
  const [now, all] = reply as unknown as [number, [string, string, number, unknown][]]
  const snapshot: Snapshot = {
    now,
    ttls: new Map(),
    strings: new Map(),
    hashes: new Map(),
    lists: new Map(),
    streams: new Map(),
    dues: new Map(),
  }
  for (const [key, kind, ttl, content] of all) {
    snapshot.ttls.set(key, ttl)
    if (kind === 'string') snapshot.strings.set(key, content as string)
    if (kind === 'hash') snapshot.hashes.set(key, asRecord(content as string[]))
    if (kind === 'list') snapshot.lists.set(key, content as string[])
    if (key === keys.webhooks()) snapshot.dues = duesOf(content as string[])
    if (kind === 'stream') snapshot.streams.set(key, streamContent(content as StreamReply))
  }
  return snapshot
}

function streamContent([entries, pending, groups, lastDelivered, bytes]: StreamReply): StreamContent {
  const owners = new Map(pending.map(([id, owner]) => [id, owner]))
  const there = new Set(entries.map(([id]) => id))
  return {
    entries: entries.map(([id, flat]) => ({ id, fields: asRecord(flat), owner: owners.get(id) })),
    strays: pending.map(([id]) => id).filter((id) => !there.has(id)),
    ...{ hasGroup: groups > 0, lastDelivered, bytes },
  }
}

function duesOf(flat: readonly string[]): Map<string, number> {
  return new Map(Object.entries(asRecord(flat)).map(([id, score]) => [id, Number(score)]))
}

function asRecord(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1] ?? '']])))
}
