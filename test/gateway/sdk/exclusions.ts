/** What of Upstash's client the tables of calls do not have, by the reason. */

/** Commands that Redis 7.0 does not have. */
export const NEWER = new Set([
  // CLIENT SETINFO, Redis 7.2; and no command of a connection that others share.
  'clientSetinfo',
  // Redis 7.4: fields that expire.
  ...['hexpire', 'hexpireat', 'hexpiretime', 'httl', 'hpersist'],
  ...['hpexpire', 'hpexpireat', 'hpexpiretime', 'hpttl'],
  // Redis 8.0 and 8.2.
  ...['hgetdel', 'hgetex', 'hsetex', 'xackdel', 'xdelex'],
  // Arrays, after Redis 8.2.
  ...['arcount', 'ardel', 'ardelrange', 'arget', 'argetrange', 'argrep', 'arinfo', 'arinsert', 'arlastitems'],
  ...['arlen', 'armget', 'armset', 'arnext', 'arop', 'arring', 'arscan', 'arseek', 'arset'],
])

/** Commands that take a module, or Upstash's own service. */
export const MODULES = new Set(['json', 'search', 'vector'])

/** What sends no command by itself. */
export const LOCAL = new Set([
  ...['client', 'opts', 'enableTelemetry', 'enableAutoPipelining', 'use', 'addTelemetry', 'autoPipeline'],
  ...['readYourWritesSyncToken', 'commands', 'commandOptions', 'multiExec', 'length', 'chain'],
])

/** What is used in another file, since it is more than a command and its answer. */
export const ELSEWHERE: Record<string, string> = {
  createScript: 'client.test.ts',
  pipeline: 'ways.ts',
  multi: 'ways.ts',
  subscribe: 'subscribe.test.ts',
  psubscribe: 'subscribe.test.ts',
}
