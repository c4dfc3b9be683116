import { expect, test } from 'vitest'
import type { PublicModel } from '../../shared/public-models.ts'
import { preselected } from './preselected-model.ts'

const model = (name: string, known: Partial<PublicModel> = {}) =>
  ({ name, default: false, version: '1', default_version: '1', ...known }) as PublicModel

test.each([
  ['the default', [model('a'), model('b', { default: true })], 'b'],
  ['the first where there is no default', [model('a'), model('b')], 'a'],
  ['a version where the model has no default', [model('a', { version: '9', default_version: null })], 'a@9'],
  ['nothing of nothing', [], undefined],
])('%s is chosen before anybody has', (_, models, expected) => {
  expect(preselected(models)).toBe(expected)
})
