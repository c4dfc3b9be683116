import { expect, test } from 'vitest'
import { traceparentToPassOn } from './traceparent.ts'

const CALLER = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7'

test.each([
  ['recorded', `00-${CALLER}-01`, `00-${CALLER}-01`],
  ['not recorded', `00-${CALLER}-00`, `00-${CALLER}-00`],
  ['of a version to come', `02-${CALLER}-01-more`, `00-${CALLER}-01`],
  ['not valid', `00-${CALLER}`, undefined],
  ['given twice', `00-${CALLER}-01, 00-${CALLER}-01`, undefined],
  ['not given', undefined, undefined],
])('a caller’s trace, %s', (_, header, passedOn) => {
  expect(traceparentToPassOn(header)).toBe(passedOn)
})
