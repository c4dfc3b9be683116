import { PRIORITIES } from './priority.ts'
import type { LuaScript } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { abandonBatchScript } from './scripts/abandon-batch.ts'
import { announceScript } from './scripts/announce.ts'
import { backlogScript } from './scripts/backlog.ts'
import { beginBatchScript } from './scripts/begin-batch.ts'
import { cancelScript } from './scripts/cancel.ts'
import { claimScript } from './scripts/claim.ts'
import { dropDeadLetterScript } from './scripts/drop-dead-letter.ts'
import { enqueueScript } from './scripts/enqueue.ts'
import { ensureQueueScript } from './scripts/ensure-queue.ts'
import { forgetWebhooksScript } from './scripts/forget-webhooks.ts'
import { knownModelsScript } from './scripts/known-models.ts'
import { lookScript } from './scripts/look.ts'
import { poolLeaveScript } from './scripts/pool-leave.ts'
import { probeBytesScript } from './scripts/probe-bytes.ts'
import { queueLengthsScript } from './scripts/queue-lengths.ts'
import { readApiKeyScript } from './scripts/read-api-key.ts'
import { readBatchScript } from './scripts/read-batch.ts'
import { readDeadLettersScript } from './scripts/read-dead-letters.ts'
import { readHistoryScript } from './scripts/read-history.ts'
import { releaseScript } from './scripts/release.ts'
import { renewScript } from './scripts/renew.ts'
import { retryScript } from './scripts/retry.ts'
import { retryDeadLetterScript } from './scripts/retry-dead-letter.ts'
import { settleScript } from './scripts/settle.ts'
import { settleWebhookScript } from './scripts/settle-webhook.ts'
import { statisticsScript } from './scripts/statistics.ts'
import { takeScript } from './scripts/take.ts'
import { takeOverScript } from './scripts/take-over.ts'
import { takeWebhooksScript } from './scripts/take-webhooks.ts'
import { webhookReceiverOffScript } from './scripts/webhook-receiver-off.ts'
import { writeBatchScript } from './scripts/write-batch.ts'
import { writeSnapshotScript } from './scripts/write-snapshot.ts'

/** What one part of the system does to Redis: all that it has to be allowed. */
export interface RedisAccess {
  /** Those it runs. They run with its rights. */
  scripts: readonly LuaScript[]
  /** Those it sends beside scripts. */
  commands: readonly string[]
  /** Keys on which it may run its commands and those of its scripts. */
  keys: (keys: RedisKeys) => string[]
  /** Keys on which it may run these commands alone, which read. */
  readOnly: (keys: RedisKeys) => { keys: string[]; commands: readonly string[] }[]
  channels: (keys: RedisKeys) => string[]
}

/** `admin` is whoever runs `npx edgebatch keys`, `dlq`, `queue`, `top` and `doctor`. */
export const REDIS_ROLES = ['edge', 'pool', 'admin'] as const
export type RedisRole = (typeof REDIS_ROLES)[number]

/** What every client asks, of nobody's keys: ioredis sends INFO to learn whether Redis is still loading. */
const ANY_CLIENT = ['PING', 'INFO', 'TIME']

const anyQueue = (keys: RedisKeys) =>
  PRIORITIES.map((priority) => keys.queue({ model: '*', version: '*' }, priority))

/** What both sides of the queue write: ends of jobs, with those that follow them and their webhooks. */
const queueKeys = (keys: RedisKeys) => [
  ...anyQueue(keys),
  keys.job('*', '*'),
  keys.input('*', '*'),
  keys.cache('*', '*'),
  keys.followers('*', '*'),
  keys.webhooks(),
]

/** By which part; in keys, `*` stands for any model, version and id. */
export const REDIS_ACCESS: Record<RedisRole, RedisAccess> = {
  edge: {
    scripts: [
      ...[enqueueScript, lookScript, cancelScript, knownModelsScript, readApiKeyScript, statisticsScript],
      ...[beginBatchScript, abandonBatchScript, writeBatchScript, readBatchScript, queueLengthsScript],
      ...[readDeadLettersScript, retryDeadLetterScript, dropDeadLetterScript],
      ...[writeSnapshotScript, readHistoryScript],
      probeBytesScript,
    ],
    commands: [...ANY_CLIENT, 'HGETALL', 'SUBSCRIBE', 'UNSUBSCRIBE'],
    keys: (keys) => [
      ...[
        ...queueKeys(keys),
        keys.batch('*', '*'),
        ...[keys.dead('*'), keys.history()],
        keys.idempotency('*'),
        keys.rate('*'),
        keys.rateBack('*'),
      ],
      ...PRIORITIES.map((priority) => keys.back({ model: '*', version: '*' }, priority)),
    ],
    readOnly: (keys) => [
      { keys: [keys.models(), keys.workers()], commands: ['HGETALL', 'HKEYS'] },
      // One record by its id: not all there are.
      { keys: [keys.apiKeys()], commands: ['HGET'] },
    ],
    channels: (keys) => [keys.done('*', '*')],
  },
  pool: {
    scripts: [
      ...[takeScript, claimScript, settleScript, releaseScript, renewScript, takeOverScript, retryScript],
      ...[ensureQueueScript, announceScript, poolLeaveScript, backlogScript],
      ...[takeWebhooksScript, settleWebhookScript, forgetWebhooksScript, webhookReceiverOffScript],
    ],
    commands: [...ANY_CLIENT, 'XREADGROUP', 'GET', 'CLIENT ID', 'CLIENT UNBLOCK'],
    keys: (keys) => [
      ...queueKeys(keys),
      ...[keys.dead('*'), keys.webhookOff('*'), keys.models(), keys.workers()],
    ],
    readOnly: () => [],
    channels: (keys) => [keys.done('*', '*')],
  },
  admin: {
    scripts: [
      ...[readDeadLettersScript, retryDeadLetterScript, dropDeadLetterScript],
      ...[knownModelsScript, statisticsScript],
    ],
    // Which models have dead letters is found by name.
    commands: [...ANY_CLIENT, 'SCAN', 'HSETNX', 'HGETALL', 'HDEL'],
    keys: (keys) => [...queueKeys(keys), keys.dead('*'), keys.apiKeys()],
    readOnly: (keys) => [
      { keys: [keys.models(), keys.workers()], commands: ['HGETALL'] },
      { keys: [keys.history()], commands: ['XREVRANGE'] },
    ],
    channels: (keys) => [keys.done('*', '*')],
  },
}

/** Commands whose rights are given by their second word. */
const CONTAINERS = new Set(['XINFO', 'XGROUP', 'CLIENT'])

/** A call of a script, or a list that is called later on: `redis.call('XINFO', 'STREAM'`, `command = {'XREADGROUP', 'GROUP'`. */
const CALL = /(?:redis\.p?call\(|\bcommand = \{)\s*'([A-Z]+)'(?:, '([A-Z]+)')?/g

/** The commands that a script runs, as its source has them. */
export function commandsIn({ source }: LuaScript): string[] {
  const calls = [...source.matchAll(CALL)].map(([, name = '', next = '']) =>
    CONTAINERS.has(name) ? `${name} ${next}` : name,
  )
  return [...new Set(calls)]
}
