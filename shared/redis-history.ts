import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { readHistoryScript } from './scripts/read-history.ts'
import { writeSnapshotScript } from './scripts/write-snapshot.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  HISTORY_TTL_MS,
  type HistoryStore,
  MINUTE_MS,
  MOST_SNAPSHOTS,
  type Snapshot,
} from './snapshot.ts'

/** Snapshots in Redis, one a minute, whoever writes it first. */
export class RedisHistory implements HistoryStore {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async record(snapshot: Snapshot): Promise<void> {
    const minute = Math.floor(snapshot.at / MINUTE_MS) * MINUTE_MS
    const args = [minute, encodeSnapshot(snapshot), MOST_SNAPSHOTS, HISTORY_TTL_MS]
    await this.#redis.run(writeSnapshotScript, [this.#keys.history()], args)
  }

  async read(): Promise<Snapshot[]> {
    const reply = await this.#redis.run(readHistoryScript, [this.#keys.history()], [])
    const [nowMs, ...texts] = reply as [number, ...string[]]
    const snapshots = texts.flatMap((text) => decodeSnapshot(text) ?? [])
    return snapshots.filter(({ at }) => at > nowMs - MOST_SNAPSHOTS * MINUTE_MS)
  }
}
