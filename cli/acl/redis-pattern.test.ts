import { expect, test } from 'vitest'
import { asPattern } from './acl-rules.ts'
import { matchesAllOf } from './redis-pattern.ts'

test.each([
  ['*', 'eb:{*}:job:*'],
  ['eb:*', 'eb:{*}:job:*'],
  ['eb:{*}:job:*', 'eb:{*}:job:*'],
  ['e?:{*}:*', 'eb:{*}:job:*'],
  ['e[a-c]:*', 'eb:keys'],
  ['e[c-a]:*', 'eb:keys'],
  ['e[^cd]:*', 'eb:keys'],
  ['e[\\b]:*', 'eb:keys'],
  ['eb.:*', 'eb.:keys'],
  [asPattern('a*[b]\\:'), asPattern('a*[b]\\:')],
  [`${asPattern('a*[b]\\:')}*`, `${asPattern('a*[b]\\:')}{*}:dead`],
])('%s matches all that %s does', (wide, narrow) => {
  expect(matchesAllOf(wide, narrow)).toBe(true)
})

test.each([
  ['other:*', 'eb:{*}:job:*'],
  ['eb:{*}:job:*', 'eb:{*}:queue:*:high'],
  ['eb:{resnet*}:job:*', 'eb:{*}:job:*'],
  ['eb:{?}:job:?', 'eb:{*}:job:*'],
  ['eb:{*}:job:[a-z]', 'eb:{*}:job:*'],
  ['e[^ab]:*', 'eb:keys'],
  ['e[]:*', 'eb:keys'],
  ['eb.*', 'eb:keys'],
  ['eb\\*', 'eb:keys'],
  ['b:*', 'eb:keys'],
  ['', 'eb:keys'],
])('%s does not match all that %s does', (wide, narrow) => {
  expect(matchesAllOf(wide, narrow)).toBe(false)
})
