import { expect, test } from 'vitest'
import { firstRequest } from './first-request.ts'

const SEVERAL = ['b@2', 'b@1', 'a@1']

test.each([
  ['the only model', ['a@2', 'a@1'], ''],
  ['the default model', SEVERAL, 'a'],
  ['the version that the default names', SEVERAL, 'b@1'],
  ['a model that is yet to come', [], 'a'],
])('names none where that leads to %s', (_, served, chosen) => {
  expect(firstRequest(served, chosen)).toEqual({
    query: '',
  })
})

test('of several models without a default names one, and the choice is told', () => {
  expect(firstRequest(SEVERAL, '')).toEqual({
    query: '?model=b',
    warning: 'DEFAULT_MODEL is not set: requests have to name a model (b, a)',
  })
})

test.each(['c', 'a@2'])(
  'with a default that nobody serves (%s) names one that is, and all are told',
  (chosen) => {
    expect(firstRequest(SEVERAL, chosen)).toEqual({
      query: '?model=b',
      warning: `DEFAULT_MODEL is ${chosen}, which no pool here serves: requests have to name a model (b@2, b@1, a@1)`,
    })
  },
)
