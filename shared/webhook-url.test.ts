import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProblemError } from './errors.ts'
import { parseWebhookUrl } from './webhook-url.ts'

const parse = (text: string, allowPrivate = false) => parseWebhookUrl(text, { allowPrivate })
const PUBLIC = [
  'https://hooks.example.com/a?token=1',
  'https://hooks.example.com:8443',
  'https://hooks.example.com:80',
]
const PRIVATE = [
  'http://hooks.example.com',
  'https://localhost',
  'https://localhost.',
  'https://a.LOCALHOST',
  'https://printer.local',
  'https://metadata.google.internal',
  'https://router.home.arpa',
  'https://redis',
  'https://93.184.215.14',
  'https://[2606:4700:4700::1111]',
  'https://[::1]:8443',
  'https://hooks.example.com:22',
]

test.each(PUBLIC)('%s may be told', (text) => {
  expect(parse(text).href).toBe(new URL(text).href)
})

test.each(PRIVATE)('%s may be told only where private receivers are wanted', (text) => {
  expect(() => parse(text)).toThrow(ProblemError)
  expect(parse(text, true)).toBeInstanceOf(URL)
})

test.each([
  'hooks.example.com',
  'ftp://hooks.example.com',
  'https://user:secret@hooks.example.com',
  `https://hooks.example.com/${'a'.repeat(2_048)}`,
  '',
])('%.40s is refused everywhere, and not quoted', (text) => {
  for (const allowPrivate of [false, true])
    expect(() => parse(text, allowPrivate)).toThrow(/^invalid-request: The webhook's URL is [^@]{5,60}\.$/)
})

test('an IPv4 address is known in whatever form it is written', () => {
  const octet = fc.nat(255)
  fc.assert(
    fc.property(octet, octet, octet, octet, (a, b, c, d) => {
      const number = ((a * 256 + b) * 256 + c) * 256 + d
      const forms = [
        `${a}.${b}.${c}.${d}`,
        `${number}`,
        `0x${number.toString(16)}`,
        `0${number.toString(8)}`,
        `0x${a.toString(16)}.${b}.0${(c * 256 + d).toString(8)}`,
        `${a}.${(b * 256 + c) * 256 + d}.`,
      ]
      for (const host of forms) expect(() => parse(`https://${host}/`)).toThrow('an IP address')
    }),
  )
})
