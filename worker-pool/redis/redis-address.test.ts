import { describe, expect, test } from 'vitest'
import { encodeCommand, redisAddress } from './redis-address.ts'

test('host, port, user, password and database', () => {
  expect(redisAddress('rediss://us%3Aer:p%40ss%2Fword@redis.example:6380/3')).toEqual({
    host: 'redis.example',
    port: 6380,
    tls: true,
    user: 'us:er',
    password: 'p@ss/word',
    database: '3',
    name: 'redis.example:6380',
  })
})

test('what a short address leaves out', () => {
  expect(redisAddress('redis://localhost')).toMatchObject({
    port: 6379,
    tls: false,
    user: '',
    password: '',
    database: '0',
  })
})

test.each([
  ['redis://localhost/', '0'],
  ['redis://localhost?db=5', '5'],
])('the database of %s', (url, database) => {
  expect(redisAddress(url).database).toBe(database)
})

test('an IPv6 host, without its brackets where it is connected to', () => {
  expect(redisAddress('redis://[::1]:7000')).toMatchObject({ host: '::1', port: 7000, name: '[::1]:7000' })
})

describe('an address that says nothing of use throws without repeating it', () => {
  test.each(['hunter2', 'http://:hunter2@host', 'redis://:hunter2@host:port', 'redis://:hunter2%zz@host'])(
    '%s',
    (url) => {
      expect(() => redisAddress(url)).toThrow(/^The (address of Redis|user or password)(?!.*hunter2)/)
    },
  )
})

test('a command counts bytes, not characters', () => {
  expect(encodeCommand(['GET', 'é'])).toBe('*2\r\n$3\r\nGET\r\n$2\r\né\r\n')
})
