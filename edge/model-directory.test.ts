import { describe, expect, test } from 'vitest'
import { type ModelManifest, modelManifestSchema } from '../shared/model-manifest.ts'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { ModelDirectory } from './model-directory.ts'

function manifest(name: string): ModelManifest {
  return modelManifestSchema.parse({
    name,
    version: '1',
    task: 'classification',
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [8, 8, 3] },
    resize: { mode: 'stretch', size: 8, crop: 8, kernel: 'triangle' },
    outputs: { probabilities: 'p', indices: 'i' },
  })
}

function directory(names: string[], defaultModel?: string) {
  const clock = new SleepingClock()
  let reads = 0
  const models = async () => {
    reads++
    return names.map(manifest)
  }
  return { directory: new ModelDirectory({ models }, clock, defaultModel), clock, reads: () => reads, names }
}

describe('choosing a model', () => {
  test('the one that is named', async () => {
    expect(await directory(['a', 'b']).directory.choose('b')).toMatchObject({ name: 'b' })
  })

  test('the only one, if none is named', async () => {
    expect(await directory(['a']).directory.choose(undefined)).toMatchObject({ name: 'a' })
  })

  test('the default, if none is named and there are several', async () => {
    expect(await directory(['a', 'b'], 'b').directory.choose(undefined)).toMatchObject({ name: 'b' })
  })

  test('several and no default: the request must say which', async () => {
    await expect(directory(['a', 'b']).directory.choose(undefined)).rejects.toMatchObject({
      code: 'model-required',
      detail: expect.stringContaining('a, b'),
    })
  })

  test('one that nobody serves is not found, and the answer names those that are', async () => {
    await expect(directory(['a', 'b']).directory.choose('c')).rejects.toMatchObject({
      code: 'model-not-found',
      detail: expect.stringContaining('a, b'),
    })
  })

  test('with none announced, a pool is what is missing', async () => {
    await expect(directory([]).directory.choose('a')).rejects.toMatchObject({ code: 'no-model' })
  })
})

test('is asked of Redis once in five seconds, and then sees what is new', async () => {
  const { directory: models, clock, reads, names } = directory(['a'])
  await models.list()
  clock.pass(4_999)
  expect(await models.list()).toHaveLength(1)
  expect(reads()).toBe(1)
  names.push('b')
  clock.pass(1)
  expect(await models.list()).toHaveLength(2)
  expect(reads()).toBe(2)
})
