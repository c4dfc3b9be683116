import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import {
  ConfigurationError,
  portNumber,
  positiveInteger,
  readConfiguration,
  reasonForPeople,
  redisUrl,
} from './read-configuration.ts'

const schema = z.object({
  REDIS_URL: redisUrl,
  PORT: portNumber.default(8080),
  MAX_BATCH_SIZE: positiveInteger.default(32),
})

function messageFor(values: Record<string, unknown>): string {
  try {
    readConfiguration(schema, values)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('settings', () => {
  test('are read with their defaults, and others are left out', () => {
    expect(readConfiguration(schema, { REDIS_URL: 'rediss://:secret@host:6380/0', PATH: '/bin' })).toEqual({
      REDIS_URL: 'rediss://:secret@host:6380/0',
      PORT: 8080,
      MAX_BATCH_SIZE: 32,
    })
  })

  test.each(['/first', '/1x', '/-1', '/1/2', '?db=first'])(
    'a database is named by its number: redis://host%s would lead to another',
    (path) => {
      expect(messageFor({ REDIS_URL: `redis://host${path}` })).toBe(
        'REDIS_URL: must name its database, if any, by its number: redis://HOST:PORT/NUMBER',
      )
    },
  )

  test('that are numbers come as text', () => {
    const settings = readConfiguration(schema, { REDIS_URL: 'redis://host', PORT: '0', MAX_BATCH_SIZE: '8' })
    expect(settings).toMatchObject({ PORT: 0, MAX_BATCH_SIZE: 8 })
  })

  test('that are empty count as not set', () => {
    expect(readConfiguration(schema, { REDIS_URL: 'redis://host', PORT: '' }).PORT).toBe(8080)
    expect(messageFor({ REDIS_URL: '' })).toBe('REDIS_URL is not set')
    expect(messageFor({ REDIS_URL: undefined })).toBe('REDIS_URL is not set')
  })
})

describe('wrong settings', () => {
  test('are all named, one a line', () => {
    const lines = messageFor({ PORT: 'http', MAX_BATCH_SIZE: '0' }).split('\n')
    expect(lines.map((line) => line.split(/[: ]/)[0])).toEqual(['REDIS_URL', 'PORT', 'MAX_BATCH_SIZE'])
  })

  test.each([
    ['PORT', '65536', 'must be a port number'],
    ['PORT', '-1', 'must be a port number'],
    ['PORT', '80.5', 'must be a port number'],
    ['MAX_BATCH_SIZE', '0', 'must be a whole number above 0'],
    ['MAX_BATCH_SIZE', '-3', 'must be a whole number above 0'],
    ['MAX_BATCH_SIZE', '1.5', 'must be a whole number above 0'],
    ['MAX_BATCH_SIZE', 'many', 'must be a whole number above 0'],
    ['MAX_BATCH_SIZE', 'Infinity', 'must be a whole number above 0'],
    [
      'REDIS_URL',
      'http://host:6379',
      'must be a redis:// or rediss:// URL, like redis://user:password@host:6379',
    ],
    ['REDIS_URL', 'host:6379', 'must be a redis:// or rediss:// URL, like redis://user:password@host:6379'],
  ])('%s=%s is told what it should be', (name, value, expectation) => {
    expect(messageFor({ REDIS_URL: 'redis://host', [name]: value })).toContain(`${name}: ${expectation}`)
  })

  test('are never quoted, for they may be secrets', () => {
    const message = messageFor({
      REDIS_URL: 'http://:hunter2@host',
      PORT: 'hunter2',
      MAX_BATCH_SIZE: 'hunter2',
    })
    expect(message).not.toContain('hunter2')
  })
})

test('of a wrong setting one is told where settings are explained, of other failures only what happened', () => {
  expect(reasonForPeople(new ConfigurationError('PORT is not set'))).toBe(
    'PORT is not set (settings: docs/reference/settings.md)',
  )
  expect(reasonForPeople(new Error('it broke'))).toBe('it broke')
  expect(reasonForPeople('torn')).toBe('torn')
})
