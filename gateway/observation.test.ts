import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricValues } from '../test/support/metrics-text.ts'
import { CommandError } from './command.ts'
import { GatewayMetrics } from './metrics.ts'
import { Observation, refusalOf } from './observation.ts'
import { StreamRefused } from './open-streams.ts'
import { RedisAway } from './redis-errors.ts'
import { BodyIncomplete, BodyTooLarge } from './request-body.ts'
import { MethodNotAllowed } from './rest-commands.ts'

const SECRET = 'hunter2-hunter2-hunter2'

function observation() {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  const registry = new Registry()
  const state = { connections: () => 0, streams: () => 0, subscriptions: () => 0 }
  const observed = new Observation(log, new GatewayMetrics(registry, state))
  const figure = async (series: string) =>
    metricValues(await registry.metrics()).get(`edgebatch_gateway_${series}`)
  return { observed, lines, figure, registry }
}

test('what a client calls its commands is told to nobody: log and metrics have families', async () => {
  const { observed, lines, figure, registry } = observation()
  observed.served({
    ...{ caller: 'default', commands: ['get', SECRET], failed: [SECRET] },
    ...{ seconds: 0.001, bytesIn: 10, bytesOut: 20 },
  })
  expect(await figure('commands_total{family="string"}')).toBe(1)
  expect(await figure('command_errors_total{family="other"}')).toBe(1)
  expect(await figure('request_bytes_total{family="mixed"}')).toBe(10)
  expect(JSON.parse(lines.join())).toMatchObject({
    token: 'default',
    family: 'mixed',
    commands: 2,
    failed: 1,
  })
  expect(lines.join() + (await registry.metrics())).not.toContain(SECRET)
})

test.each([
  ['method', new MethodNotAllowed()],
  ['bad-request', new CommandError(SECRET)],
  ['too-large', new BodyTooLarge()],
  ['incomplete', new BodyIncomplete(SECRET)],
  ['redis-away', new RedisAway('away')],
  ['too-many-streams', new StreamRefused('too-many-of-token')],
  ['stopping', new StreamRefused('stopping')],
  ['internal-error', new TypeError(SECRET)],
])('%s is counted, and its words are not told', async (reason, error) => {
  const { observed, lines, figure } = observation()
  observed.refused(refusalOf(error))
  expect(await figure(`refused_total{reason="${reason}"}`)).toBe(1)
  expect(lines.join()).not.toContain(SECRET)
})

test('of a failure that is not ours, its place is told and not its words', () => {
  const { observed, lines } = observation()
  observed.failed(new TypeError(`cannot read ${SECRET}\nof ${SECRET}`))
  observed.failed(new RedisAway('no connection to Redis'))
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { error: 'TypeError', where: expect.arrayContaining([expect.stringContaining('observation.test.ts')]) },
    { error: 'RedisAway', reason: 'no connection to Redis' },
  ])
  expect(lines.join()).not.toContain(SECRET)
})
