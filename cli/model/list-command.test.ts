import { expect, test } from 'vitest'
import type { PublicModel } from '../../shared/public-models.ts'
import { manifestOf } from '../../test/support/known-models.ts'
import { modelTable } from './list-command.ts'

const { task, input, resize, decode, serving } = manifestOf('any', '1')

function version(version: string, isDefault: boolean): PublicModel['versions'][number] {
  return {
    ...{
      version,
      default: isDefault,
      description: null,
      license: null,
      task,
      input,
      resize,
      decode,
      serving,
    },
    ...{ image_types: ['jpeg'], live: true, pools: { count: 1, ids: ['p'] } },
  }
}

function model(name: string, isDefault: boolean, ...others: string[]): PublicModel {
  const versions = ['9', ...others].map((each, i) => version(each, i === 0))
  return { ...version('9', true), name, default: isDefault, default_version: '9', versions }
}

test('a star marks the model that callers get who name none, and of each model the version', () => {
  const lines = modelTable([model('colours', false), model('lite', true, '8')])
  expect(lines.map((line) => line.split(/ +/).slice(0, 2))).toEqual([
    ['MODEL', 'VERSION'],
    ['colours', '9*'],
    ['lite*', '9*'],
    ['lite*', '8'],
  ])
})
