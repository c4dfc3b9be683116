import { symlinkSync } from 'node:fs'
import { mkdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../shared/clock.ts'
import { versionId } from '../../shared/model-reference.ts'
import { temporaryFolder, writePackage, writePackageInto } from '../../test/support/package-folders.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { FolderWatch } from './folder-watch.ts'
import { ModelRepository, type Scan } from './model-repository.ts'
import type { ModelSelection } from './model-selection.ts'

const SCAN_EVERY_MS = 5_000

/** A scan in words: `+m@1` to be served, `-m@1` to be removed, and what is wrong. */
const inWords = ({ changes, refusals }: Scan) => [
  ...changes.map((change) =>
    change.kind === 'serve' ? `+${versionId(change.modelPackage.manifest)}` : `-${change.id}`,
  ),
  ...refusals,
]

/** A repository whose scans a test makes. Its clock is far behind that of the files: all of them look new at the start. */
async function repository(selection: Partial<ModelSelection> = {}) {
  const root = await temporaryFolder()
  const clock = new SleepingClock()
  const watch = new FolderWatch()
  onTestFinished(() => watch.close())
  const models = new ModelRepository({
    selection: { repository: root, only: undefined, folders: [], ...selection },
    ...{ clock, watch, scanEveryMs: SCAN_EVERY_MS },
  })
  return {
    ...{ root, clock, models },
    first: async () => inWords(await models.first()),
    /** The next scan, in words. */
    next: async (afterMs = SCAN_EVERY_MS) => {
      clock.pass(afterMs)
      return inWords(await models.scan())
    },
  }
}

/** The same with a package in it that has been picked up. */
async function serving(...ids: string[]) {
  const made = await repository()
  for (const id of ids) await writePackage(made.root, id)
  expect(await made.first()).toEqual(ids.map((id) => `+${id}`))
  return made
}

describe('a package is picked up', () => {
  test('when it has stayed the same from one scan to the next', async () => {
    const { root, next } = await serving('m@1')
    await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2'])
    expect(await next()).toEqual([])
  })

  test('not while it is still being copied', async () => {
    const { root, next } = await serving('m@1')
    const folder = await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'model.onnx'), 'more of the graph')
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'labels.txt'), 'cat\n')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2'])
  })

  test('not sooner because it was looked at more often', async () => {
    const { root, next } = await serving('m@1')
    await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    for (let i = 0; i < 4; i++) expect(await next(1_000)).toEqual([])
    expect(await next(1_000)).toEqual(['+m@2'])
  })

  test('again when it is another copy', async () => {
    const { root, next } = await serving('m@1')
    await writePackage(root, 'm@1', { files: { 'model.onnx': 'another graph' } })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ['the labels', (folder) => writeFile(join(folder, 'labels.txt'), 'cat\n')],
    ['a file beside the graph', (folder) => writeFile(join(folder, 'model.onnx.data'), 'weights')],
    ['the time of a file', (folder) => utimes(join(folder, 'model.onnx'), 1, 1)],
    [
      'nothing but the file itself',
      async (folder) => {
        const [graph, copy] = [join(folder, 'model.onnx'), join(folder, '.copy')]
        await utimes(graph, 1, 1)
        await writeFile(copy, 'graph')
        await utimes(copy, 1, 1)
        await rename(copy, graph)
      },
    ],
  ])('again when %s has changed', async (_, change) => {
    const { root, next } = await serving('m@1')
    await change(join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('again when the link that is its folder leads elsewhere', async () => {
    const { root, first, next } = await repository()
    const elsewhere = await temporaryFolder()
    for (const copy of ['a', 'b']) await writePackageInto(join(elsewhere, copy), 'm@1')
    await mkdir(join(root, 'm'))
    await symlink(join(elsewhere, 'a'), join(root, 'm', '1'))
    expect(await first()).toEqual(['+m@1'])
    await symlink(join(elsewhere, 'b'), join(root, 'm', '.next'))
    await rename(join(root, 'm', '.next'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('unless it is hidden, unfinished, or none', async () => {
    const { root, next } = await serving('m@1')
    for (const id of ['m@.2', 'm@2.part', 'm@2.tmp', '.n@1', 'n.part@1', 'n~@1']) await writePackage(root, id)
    await writeFile(join(root, 'README.md'), 'models')
    await writeFile(join(root, 'm', 'notes'), '')
    await mkdir(join(root, 'm', 'convert'))
    await writeFile(join(root, 'm', 'convert', 'convert.py'), '')
    await writeFile(join(root, 'm', '1', 'model.onnx.part'), 'half')
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
  })
})

describe('a package is given up', () => {
  test('when it has been gone from one scan to the next', async () => {
    const { root, next } = await serving('m@1', 'm@2')
    await rm(join(root, 'm', '1'), { recursive: true })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['-m@1'])
    expect(await next()).toEqual([])
  })

  test('when nothing of it is left in its folder, or its model is gone', async () => {
    const { root, next } = await serving('a@1', 'b@1', 'c@1')
    for (const file of ['model.json', 'model.onnx']) await unlink(join(root, 'a', '1', file))
    await rm(join(root, 'b'), { recursive: true })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['-a@1', '-b@1'])
  })

  test('not if it is back by then', async () => {
    const { root, next } = await serving('m@1', 'm@2')
    await rename(join(root, 'm', '1'), join(root, '.aside'))
    expect(await next()).toEqual([])
    await rename(join(root, '.aside'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual([])
  })

  test('and picked up when it comes again', async () => {
    const { root, next } = await serving('m@1', 'm@2')
    await rename(join(root, 'm', '1'), join(root, '.aside'))
    await next()
    expect(await next()).toEqual(['-m@1'])
    await rename(join(root, '.aside'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })
})

describe('a package that will not do', () => {
  test('is told of once a copy, and others are picked up beside it', async () => {
    const { root, next } = await serving('m@1')
    const folder = await writePackage(root, 'bad@1', { files: { 'model.json': '{' } })
    await writePackage(root, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2', `${join(folder, 'model.json')}: is not JSON`])
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'model.json'), '[')
    await next()
    expect(await next()).toEqual([`${join(folder, 'model.json')}: is not JSON`])
  })

  test('leaves the older copy served; one that is mended takes its place', async () => {
    const { root, next } = await serving('m@1')
    await writePackage(root, 'm@1', { files: { 'model.json': '' } })
    await next()
    expect(await next()).toEqual([`${join(root, 'm', '1', 'model.json')}: is not JSON`])
    for (let i = 0; i < 2; i++) expect(await next()).toEqual([])
    await writePackage(root, 'm@1')
    await next()
    expect(await next()).toEqual(['+m@1'])
  })

  test.each([
    ['another name', 'other@1'],
    ['another version', 'm@2'],
  ])('may have %s than its folders', async (_, id) => {
    const { root, first } = await repository()
    const folder = await writePackageInto(join(root, 'm', '1'), id)
    expect(await first()).toEqual([
      `${join(folder, 'model.json')}: says ${id}, its folders say m@1; they must be equal`,
    ])
  })

  test('may lack its manifest', async () => {
    const { root, first } = await repository()
    const folder = await writePackage(root, 'm@1')
    await unlink(join(folder, 'model.json'))
    expect(await first()).toEqual([`${join(folder, 'model.json')}: there is no such file`])
  })
})

describe('what cannot be listed counts as still there, and is told of once', () => {
  test.each<[string, (root: string) => Promise<unknown>, RegExp]>([
    ['a repository that is gone', (root) => rename(root, `${root}.away`), /there is no such folder/],
    [
      'a repository that is empty, as when nothing is mounted',
      async (root) => {
        await rename(root, `${root}.away`)
        await mkdir(root)
      },
      /holds no folders/,
    ],
    [
      'a repository that cannot be read',
      async (root) => {
        await rename(root, `${root}.away`)
        await writeFile(root, '')
      },
      /cannot be read \(ENOTDIR\)/,
    ],
  ])('%s', async (_, hide, reason) => {
    const { root, next } = await serving('m@1')
    onTestFinished(() => rm(`${root}.away`, { recursive: true, force: true }))
    await hide(root)
    expect(await next()).toEqual([expect.stringMatching(reason)])
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await rm(root, { recursive: true, force: true })
    await rename(`${root}.away`, root)
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await writePackage(root, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2'])
  })
})

describe('at the start', () => {
  test('what has not changed for as long as two scans are apart is picked up at once', async () => {
    const { root, clock, first } = await repository()
    await writePackage(root, 'm@1')
    clock.pass(Date.now() + 3_600_000)
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([])
  })

  test('what is new is waited for', async () => {
    const { root, clock, first } = await repository()
    const folder = await writePackage(root, 'm@1')
    clock.onWake = () => {
      if (clock.sleeps.length === 1) addFileTo(folder)
    }
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([SCAN_EVERY_MS, SCAN_EVERY_MS])
  })

  test('what is still being copied keeps nothing else waiting', async () => {
    const { root, clock, first } = await repository()
    await writePackage(root, 'm@1')
    const growing = await writePackage(root, 'm@2')
    clock.onWake = () => addFileTo(growing)
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([SCAN_EVERY_MS])
  })

  test('a repository without a package has nothing to wait for', async () => {
    const { root, first } = await repository()
    expect(await first()).toEqual([`${root}: holds no folders name/version`])
  })

  test('waiting ends when it is time to stop', async () => {
    const { root, models } = await repository()
    await writePackage(root, 'm@1')
    expect(inWords(await models.first(AbortSignal.abort()))).toEqual([])
  })
})

describe('what is served can be chosen', () => {
  test('by model and by version', async () => {
    const { root, first, next } = await repository({ only: [{ name: 'a' }, { name: 'b', version: '2' }] })
    for (const id of ['a@1', 'a@2', 'b@1', 'b@2', 'c@1']) await writePackage(root, id)
    expect(await first()).toEqual(['+a@1', '+a@2', '+b@2'])
    await writePackage(root, 'a@3')
    await writePackage(root, 'b@3')
    await next()
    expect(await next()).toEqual(['+a@3'])
  })

  test('and what is not there is said', async () => {
    const { root, first } = await repository({ only: [{ name: 'a', version: '2' }, { name: 'b' }] })
    await writePackage(root, 'a@1')
    await writePackage(root, 'b@1')
    expect(await first()).toEqual(['+b@1', `${root}: holds no a@2 (MODELS)`])
  })

  test('by its folder, whatever the name, and then nothing is waited for', async () => {
    const folder = await writePackageInto(join(await temporaryFolder(), 'my model'), 'm@1')
    const { clock, first, next } = await repository({ repository: undefined, folders: [folder] })
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([])
    await writePackageInto(folder, 'm@2')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2', '-m@1'])
  })

  test('a folder that is not there is refused, and picked up when it comes', async () => {
    const folder = join(await temporaryFolder(), 'later')
    const { first, next } = await repository({ repository: undefined, folders: [folder] })
    expect(await first()).toEqual([`${join(folder, 'model.json')}: there is no such file`])
    expect(await next()).toEqual([])
    await writePackageInto(folder, 'm@1')
    await next()
    expect(await next()).toEqual(['+m@1'])
    await rm(folder, { recursive: true })
    expect(await next()).toEqual([`${folder}: there is no such folder`])
    for (let i = 0; i < 2; i++) expect(await next()).toEqual([])
  })

  test('of two folders with the same version the first is served', async () => {
    const folders = await Promise.all(
      ['a', 'b'].map(async (name) => writePackageInto(join(await temporaryFolder(), name), 'm@1')),
    )
    const { first } = await repository({ repository: undefined, folders })
    expect(await first()).toEqual(['+m@1', `${folders[1]}: m@1 is served from ${folders[0]} already`])
  })
})

test('something that happens in a folder is looked at before the next scan is due', async () => {
  const root = await temporaryFolder()
  const folder = await writePackage(root, 'm@1')
  /** Short pauses are over at once, and the next scan is never due. */
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) =>
      ms <= 1_000
        ? Promise.resolve()
        : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
  }
  const selection = { repository: root, only: undefined, folders: [] }
  const models = new ModelRepository({
    selection,
    clock,
    watch: new FolderWatch(),
    scanEveryMs: SCAN_EVERY_MS,
  })
  await models.scan()
  const stop = new AbortController()
  let scans = 0
  const watching = models.watch(async () => {
    scans++
    stop.abort()
  }, stop.signal)
  await writeFile(join(folder, 'labels.txt'), 'cat\n')
  await watching
  expect(scans).toBe(1)
})

/** One more file in a folder. */
function addFileTo(folder: string): void {
  symlinkSync('model.onnx', join(folder, `more-${crypto.randomUUID()}`))
}
