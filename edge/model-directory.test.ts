import { describe, expect, test } from 'vitest'
import type { KnownModel } from '../shared/announcement.ts'
import { splitModelReference } from '../shared/model-reference.ts'
import { knownModel } from '../test/support/known-models.ts'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { ModelDirectory } from './model-directory.ts'

/** A directory of versions, given as `name@version`; those in `gone` are served by nobody now. */
function directory(ids: string[], defaultModel?: string, gone: string[] = []) {
  const clock = new SleepingClock()
  let reads = 0
  const models = async (): Promise<KnownModel[]> => {
    reads++
    return ids.map((id) => {
      const { name, version = '1' } = splitModelReference(id)
      return knownModel(name, version, gone.includes(id) ? { pools: [] } : {})
    })
  }
  const chosen = defaultModel === undefined ? undefined : splitModelReference(defaultModel)
  return { directory: new ModelDirectory({ models }, clock, chosen), clock, reads: () => reads, ids }
}

/** What `choose` gives, as `name@version`. */
async function chosen(of: ReturnType<typeof directory>, request: { model?: string; version?: string }) {
  const { name, version } = await of.directory.choose(request, () => true)
  return `${name}@${version}`
}

describe('choosing a model', () => {
  test('the one that is named', async () => {
    expect(await chosen(directory(['a', 'b']), { model: 'b' })).toBe('b@1')
  })

  test('the only one, if none is named, however many versions it has', async () => {
    expect(await chosen(directory(['a@1', 'a@2']), {})).toBe('a@2')
  })

  test('the default, if none is named and there are several', async () => {
    expect(await chosen(directory(['a', 'b'], 'b'), {})).toBe('b@1')
  })

  test('several and no default: the request must say which', async () => {
    await expect(directory(['a', 'b', 'b@2']).directory.choose({}, () => true)).rejects.toMatchObject({
      code: 'model-required',
      detail: expect.stringContaining(': a, b.'),
    })
  })

  test('one that nobody serves is not found, and the answer names those that are', async () => {
    await expect(directory(['a', 'b']).directory.choose({ model: 'c' }, () => true)).rejects.toMatchObject({
      code: 'model-not-found',
      detail: 'There is no model "c". The models are: a, b.',
    })
  })

  test('a default that nobody serves is not found, and the answer says where it comes from', async () => {
    await expect(directory(['a', 'b'], 'gone').directory.choose({}, () => true)).rejects.toMatchObject({
      code: 'model-not-found',
      detail:
        'The model of requests that name none (DEFAULT_MODEL) is "gone", which is not there. The models are: a, b.',
    })
  })

  test('what is repeated of a request is short and plain', async () => {
    const model = `<b>\n${'x'.repeat(10_000)}`
    const { detail } = await directory(['a'])
      .directory.choose({ model }, () => true)
      .catch((error) => error)
    expect(detail).toBe(`There is no model "?b??${'x'.repeat(60)}…". The models are: a.`)
  })

  test('with none announced, a pool is what is missing', async () => {
    await expect(directory([]).directory.choose({ model: 'a' }, () => true)).rejects.toMatchObject({
      code: 'no-model',
    })
  })
})

describe('a caller who may not use all', () => {
  const open = (name: string) => name !== 'secret'
  const refusalOf = (of: ReturnType<typeof directory>, model: string | undefined, may = open) =>
    of.directory.choose({ model }, may).then(
      () => undefined,
      ({ code, detail }) => ({ code, detail }),
    )

  test('is told nothing of the others: they are as if they were not there', async () => {
    const models = directory(['a', 'b', 'secret@7'])
    for (const [asked, name] of [
      ['secret', 'secret'],
      ['secret@8', 'secret'],
      ['nowhere', 'nowhere'],
    ] as const)
      expect(await refusalOf(models, asked)).toEqual({
        code: 'model-not-found',
        detail: `There is no model "${name}". The models are: a, b.`,
      })
    expect(await refusalOf(models, undefined)).toMatchObject({ detail: 'Add ?model= with one of: a, b.' })
  })

  test('is not told of a default that is closed to him', async () => {
    const models = directory(['a', 'b', 'secret'], 'secret')
    expect(await refusalOf(models, undefined)).toEqual({
      code: 'model-required',
      detail: 'Add ?model= with one of: a, b.',
    })
  })

  test('need not name the only one that is open', async () => {
    for (const models of [directory(['a', 'secret']), directory(['a', 'secret'], 'secret')])
      expect(await models.directory.choose({}, open)).toMatchObject({ name: 'a' })
  })

  test('who may use none finds none', async () => {
    const [named, unnamed] = ['secret', undefined].map((model) =>
      refusalOf(directory(['secret']), model, () => false),
    )
    expect(await named).toMatchObject({ code: 'model-not-found' })
    expect(await unnamed).toEqual(await named)
  })
})

describe('choosing a version', () => {
  const versions = ['a@1', 'a@9', 'a@10', 'b@1']

  test.each([
    ['the highest that is live, if none is named', { model: 'a' }, 'a@9'],
    ['with the model', { model: 'a@1' }, 'a@1'],
    ['beside the model', { model: 'a', version: '1' }, 'a@1'],
    ['twice the same', { model: 'a@1', version: '1' }, 'a@1'],
    ['one that is served by nobody just now, if it is named', { model: 'a@10' }, 'a@10'],
  ])('%s', async (_, request, expected) => {
    expect(await chosen(directory(versions, undefined, ['a@10']), request)).toBe(expected)
  })

  test('alone, where the model is clear', async () => {
    expect(await chosen(directory(['a@1', 'a@2']), { version: '1' })).toBe('a@1')
    expect(await chosen(directory(versions, 'a'), { version: '1' })).toBe('a@1')
  })

  test('that is not there: not found, and the answer names those that are', async () => {
    await expect(directory(versions).directory.choose({ model: 'a@2' }, () => true)).rejects.toMatchObject({
      code: 'model-not-found',
      detail: 'a has no version "2". The versions of a are: 10, 9, 1.',
    })
  })

  test('two at once is a mistake', async () => {
    await expect(
      directory(versions).directory.choose({ model: 'a@1', version: '9' }, () => true),
    ).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })

  test('the settings can name one as the default', async () => {
    const pinned = directory(versions, 'a@1')
    expect(await chosen(pinned, {})).toBe('a@1')
    expect(await chosen(pinned, { model: 'a' })).toBe('a@1')
    expect(await chosen(pinned, { model: 'a', version: '9' })).toBe('a@9')
    expect(await chosen(pinned, { model: 'b' })).toBe('b@1')
  })

  test('a default of the settings that is not there is not replaced by another', async () => {
    await expect(directory(versions, 'a@2').directory.choose({}, () => true)).rejects.toMatchObject({
      code: 'model-not-found',
      detail:
        'The version that the service takes for a (DEFAULT_MODEL) is "2", which is not there. The versions of a are: 10, 9, 1.',
    })
  })
})

describe('which model requests get that name none', () => {
  test.each([
    ['the default of the settings', ['a', 'b'], 'b', 'b'],
    ['the only one', ['a@1', 'a@2'], undefined, 'a'],
    ['none of several', ['a', 'b'], undefined, undefined],
    ['not another where the default is not there', ['a'], 'b', undefined],
    ['not one whose default version is not there', ['a@1', 'b'], 'a@2', undefined],
    ['the only one for who may not use the default', ['a', 'secret'], 'secret', 'a'],
  ])('%s', async (_, ids, set, expected) => {
    const models = directory(ids, set).directory
    const open = (name: string) => name !== 'secret'
    const usable = (await models.list()).filter(({ name }) => open(name))
    expect(models.unnamed(usable, open)?.name).toBe(expected)
    const got = await models.choose({}, open).then(
      ({ name }) => name,
      () => undefined,
    )
    expect(got).toBe(expected)
  })
})

test('lists models by name, their versions highest first, and which is the default', async () => {
  const models = await directory(['b@1', 'b@3', 'b@2'], undefined, ['b@3']).directory.list()
  expect(
    models.map(({ name, versions, default: chosen }) => ({
      name,
      versions: versions.map(({ manifest }) => manifest.version),
      chosen: chosen?.manifest.version,
    })),
  ).toEqual([{ name: 'b', versions: ['3', '2', '1'], chosen: '2' }])
})

test('is asked of Redis once in five seconds, and then sees what is new', async () => {
  const { directory: models, clock, reads, ids } = directory(['a'])
  await models.list()
  clock.pass(4_999)
  expect(await models.list()).toHaveLength(1)
  expect(reads()).toBe(1)
  ids.push('b')
  clock.pass(1)
  expect(await models.list()).toHaveLength(2)
  expect(reads()).toBe(2)
})

test('a Redis that does not answer is asked once a second, and gives what is new as soon as it does', async () => {
  const clock = new SleepingClock()
  let reads = 0
  const models = async (): Promise<KnownModel[]> => {
    reads++
    if (reads < 3) throw new Error('away')
    return [knownModel('a', '1', {})]
  }
  const away = new ModelDirectory({ models }, clock, undefined)
  for (let i = 0; i < 3; i++) await expect(away.list()).rejects.toThrow('away')
  clock.pass(999)
  await expect(away.list()).rejects.toThrow('away')
  expect(reads).toBe(1)
  clock.pass(1)
  await expect(away.list()).rejects.toThrow('away')
  expect(reads).toBe(2)
  clock.pass(1_000)
  expect(await away.list()).toHaveLength(1)
})
