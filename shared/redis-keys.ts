import type { QueueName } from './job-queue.ts'

/** The consumer group of every queue. */
export const QUEUE_GROUP = 'pool'

/**
 * Every key in Redis. `{m}` is a hash tag: all keys of one model share a cluster slot, so one script may touch them.
 *
 * | key                    | type    | holds                                             | gone                              |
 * |------------------------|---------|---------------------------------------------------|-----------------------------------|
 * | `eb:{m}:queue:<v>:normal` | stream | version v's jobs: id and deadline; group `pool` | entry: when settled; key: twice   |
 * |                        |         |                                                   | deadline + result TTL without use |
 * | `eb:{m}:job:<id>`      | hash    | status, times, deadline, attempt, what the input  | deadline + result TTL, then       |
 * |                        |         | is, result or error                               | result TTL after it settled       |
 * | `eb:{m}:input:<id>`    | string  | the tensor, or the photo as it was uploaded       | at the deadline, or when settled  |
 * | `eb:{m}:done:<id>`     | channel | the settled job, JSON on one line                 | –                                 |
 * | `eb:models`            | hash    | `name@version` -> `<until, ms> <seen, ms>         | field: manifest TTL after the     |
 * |                        |         | <manifest JSON>`                                  | last announcement, or withdrawn   |
 * | `eb:workers`           | hash    | pool id -> `<until, ms> <JSON: models, load>`     | field: pool TTL after the last    |
 * |                        |         |                                                   | announcement, or when it leaves   |
 */
export class RedisKeys {
  readonly prefix: string

  /** `prefix` ends in a separator, e.g. `eb:`; deployments and tests share a Redis by different prefixes. */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  /**
   * Waiting and in-flight jobs of one version of a model. Its length is the backlog. A queue of its own for each version, so that
   * no pool is handed a job of a version that it does not serve.
   */
  queue({ model, version }: QueueName): string {
    return `${this.prefix}{${model}}:queue:${version}:normal`
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

  models(): string {
    return `${this.prefix}models`
  }

  workers(): string {
    return `${this.prefix}workers`
  }
}
