import { expect, test } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test.each([
  ['sampled', `00-${TRACE}-${SPAN}-01`, 1],
  ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
  ['flags that level 1 did not know', `00-${TRACE}-${SPAN}-ff`, 255],
  ['a version to come', `01-${TRACE}-${SPAN}-01`, 1],
  ['a version to come that says more', `cc-${TRACE}-${SPAN}-03-what-the-future-holds`, 3],
])('%s', (_, header, flags) => {
  expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, flags })
})

test.each([
  ['nothing', ''],
  ['a version that cannot be', `ff-${TRACE}-${SPAN}-01`],
  ['more than version 00 has', `00-${TRACE}-${SPAN}-01-x`],
  ['an end that is missing', `00-${TRACE}-${SPAN}-01-`],
  ['a version to come, run on', `01-${TRACE}-${SPAN}-01x`],
  ['no flags', `00-${TRACE}-${SPAN}`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a trace id that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['not hex', `00-${TRACE.replace('4', 'g')}-${SPAN}-01`],
  ['the header twice', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['a line end', `00-${TRACE}-${SPAN}-01\n`],
])('not valid: %s', (_, header) => {
  expect(parseTraceparent(header)).toBeUndefined()
})

test('what is passed on is version 00', () => {
  const header = `00-${TRACE}-${SPAN}-0b`
  expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, flags: 11 })).toBe(header)
  const fromTheFuture = parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)
  expect(fromTheFuture && formatTraceparent(fromTheFuture)).toBe(`00-${TRACE}-${SPAN}-01`)
})
