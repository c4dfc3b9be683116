import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { tellingOfFailures } from './span-export-log.ts'

test('a collector is told of when it goes away and when it is back, not each time', () => {
  const lines: object[] = []
  const log = pino({ base: null, timestamp: false }, { write: (text) => void lines.push(JSON.parse(text)) })
  const away = { code: 1, error: new Error('ECONNREFUSED') }
  const results = [{ code: 0 }, away, away, { code: 0 }, { code: 0 }]
  const exporter: SpanExporter = {
    export: (_, done) => done(results.shift() ?? { code: 0 }),
    shutdown: async () => {},
  }
  const telling = tellingOfFailures(exporter, log)
  const codes: number[] = []
  for (let i = 0; i < 5; i++) telling.export([], ({ code }) => codes.push(code))
  expect(codes).toEqual([0, 1, 1, 0, 0])
  expect(lines).toEqual([
    { level: 40, reason: 'ECONNREFUSED', msg: 'spans cannot be sent' },
    { level: 30, msg: 'spans can be sent again' },
  ])
})
