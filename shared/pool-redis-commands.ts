import type { LuaScript, RedisCommands, RedisReply, ScriptArgument } from './redis-commands.ts'

/** What a pool needs of Redis beyond the edge's part: its own TCP connections, and reads that wait on one each. */
export interface PoolRedisCommands extends RedisCommands {
  /** Runs a script once for each of `calls`, all in one round trip. Replies in order; the first error is thrown. */
  runMany(script: LuaScript, calls: readonly ScriptCall[]): Promise<RedisReply[]>
  openReader(): Promise<GroupReader>
}

export interface ScriptCall {
  keys: readonly string[]
  args: readonly ScriptArgument[]
}

/**
 * Reads from a consumer group's streams, on a connection of its own since that may wait. After the connection was lost, all that is pending
 * for this consumer comes first, however much it is: Redis may have handed out what never arrived. Undefined: the connection was lost.
 */
export interface GroupReader {
  /** Gives new entries, most of the first stream first; none when `blockMs` has passed (0: at once). */
  read(request: GroupRead): Promise<GroupEntries | undefined>
  /** Gives, without waiting, what the take script does. */
  take(request: GroupTake): Promise<GroupEntries | undefined>
  /** Makes reads that are waiting come back now, with what they have; nothing handed out is lost. */
  endWaiting(): Promise<void>
  close(): void
}

interface GroupRequest {
  streams: readonly string[]
  group: string
  consumer: string
}

export interface GroupRead extends GroupRequest {
  /** The most entries of each stream. */
  count: number
  blockMs: number
}

export interface GroupTake extends GroupRequest {
  /** One a stream. */
  quotas: readonly number[]
}

export interface GroupEntries {
  /** `stream`: which of those asked for, from 0. */
  entries: { stream: number; entry: string; job: string }[]
  /** They are what is pending, not what is new. */
  recovered: boolean
}
