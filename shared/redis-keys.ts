import type { QueueName } from './job-queue.ts'
import type { Priority } from './priority.ts'

/** The consumer group of every queue. */
export const QUEUE_GROUP = 'pool'

/**
 * Every key in Redis. `{m}` is a hash tag: all keys of one model share a cluster slot, so one script may touch them.
 *
 * | key                       | type    | holds                                           | gone                              |
 * |---------------------------|---------|-------------------------------------------------|-----------------------------------|
 * | `eb:{m}:queue:<v>:<prio>` | stream  | version v's jobs of this priority: id and       | entry: when settled; key: twice   |
 * |                           |         | deadline; group `pool`                          | deadline + result TTL without use |
 * | `eb:{m}:job:<id>`         | hash    | status, times, deadline, attempt, owner, what   | the result TTL and a while after  |
 * |                           |         | the input is, result or error, webhook          | its end; at the latest so long    |
 * |                           |         |                                                 | after its deadline                |
 * | `eb:{m}:input:<id>`       | string  | the tensor, or the photo as it was uploaded     | at the deadline, or when settled  |
 * | `eb:{m}:done:<id>`        | channel | what became of a job somebody waits for: its    | –                                 |
 * |                           |         | hash as JSON on one line                        |                                   |
 * | `eb:{m}:cache:<sha256>`   | string  | id of the job that has, or will have, the       | cache TTL                         |
 * |                           |         | result for this input of this caller            |                                   |
 * | `eb:{m}:followers:<id>`   | list    | ids of jobs that get this job's result          | with the job's deadline, or ended |
 * | `eb:{m}:dead`             | stream  | jobs that have lost their last attempt: id,     | a day after the last one; about   |
 * |                           |         | reason, attempts, and their hash as JSON        | 1,000 are kept                    |
 * | `eb:{m}:back:<v>:<prio>`  | string  | when who was refused last, that queue being     | then                              |
 * |                           |         | full, was told to come back, ms                 |                                   |
 * | `eb:{m}:batch:<id>`       | string  | JSON: owner, and the jobs of a call with        | as a job's                        |
 * |                           |         | several images                                  |                                   |
 * | `eb:idem:<sha256>`        | string  | an Idempotency-Key of a caller: what it was     | idempotency TTL                   |
 * |                           |         | used for, and the job's id                      |                                   |
 * | `eb:rate:<key id>`        | string  | how much of an API key's rate is used           | when none is                      |
 * | `eb:rate-back:<key id>`   | string  | the same of an API key whose rate is used up    | then                              |
 * | `eb:webhooks`             | zset    | job ids by when to tell their webhooks, ms      | member: when told, or given up    |
 * | `eb:webhook-off:<sha256>` | string  | a receiver that has said 410                    | a day                             |
 * | `eb:keys`                 | hash    | API key id -> its record, JSON                  | field: when revoked. Settings,    |
 * |                           |         |                                                 | hence no TTL: as many as whoever  |
 * |                           |         |                                                 | administers has made              |
 * | `eb:models`               | hash    | `name@version` -> `<until, ms> <seen, ms>       | field: manifest TTL after the     |
 * |                           |         | <manifest JSON>`                                | last announcement, a week after   |
 * |                           |         |                                                 | it is superseded, or withdrawn    |
 * | `eb:workers`              | hash    | pool id -> `<until, ms> <JSON: models, load>`   | field: pool TTL after the last    |
 * |                           |         |                                                 | announcement, or when it leaves   |
 * | `eb:history`              | stream  | how all was, minute by minute: JSON             | two hours after the last one; 60  |
 * |                           |         |                                                 | are kept                          |
 */
export class RedisKeys {
  readonly prefix: string

  /** `prefix` ends in a separator, e.g. `eb:`; deployments and tests share a Redis by different prefixes. */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  /**
   * Waiting and in-flight jobs of one version of a model. The lengths of its queues are its backlog. Queues of their own for each version, so
   * that no pool is handed a job of a version that it does not serve.
   */
  queue({ model, version }: QueueName, priority: Priority = 'normal'): string {
    return `${this.prefix}{${model}}:queue:${version}:${priority}`
  }

  back({ model, version }: QueueName, priority: Priority = 'normal'): string {
    return `${this.prefix}{${model}}:back:${version}:${priority}`
  }

  /** What all keys of a model begin with. */
  ofModel(model: string): string {
    return `${this.prefix}{${model}}:`
  }

  job(model: string, id: string): string {
    return `${this.prefix}{${model}}:job:${id}`
  }

  input(model: string, id: string): string {
    return `${this.prefix}{${model}}:input:${id}`
  }

  done(model: string, id: string): string {
    return `${this.prefix}{${model}}:done:${id}`
  }

  cache(model: string, digest: string): string {
    return `${this.prefix}{${model}}:cache:${digest}`
  }

  followers(model: string, id: string): string {
    return `${this.prefix}{${model}}:followers:${id}`
  }

  dead(model: string): string {
    return `${this.prefix}{${model}}:dead`
  }

  batch(model: string, id: string): string {
    return `${this.prefix}{${model}}:batch:${id}`
  }

  idempotency(digest: string): string {
    return `${this.prefix}idem:${digest}`
  }

  rate(keyId: string): string {
    return `${this.prefix}rate:${keyId}`
  }

  rateBack(keyId: string): string {
    return `${this.prefix}rate-back:${keyId}`
  }

  apiKeys(): string {
    return `${this.prefix}keys`
  }

  webhooks(): string {
    return `${this.prefix}webhooks`
  }

  webhookOff(digest: string): string {
    return `${this.prefix}webhook-off:${digest}`
  }

  models(): string {
    return `${this.prefix}models`
  }

  workers(): string {
    return `${this.prefix}workers`
  }

  history(): string {
    return `${this.prefix}history`
  }
}
