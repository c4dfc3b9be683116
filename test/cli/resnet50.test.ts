import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, watch, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PackagedModel } from '../../cli/model/packaged-model.ts'
import { sampleImages } from '../../cli/model/sample-images.ts'
import { resnet50 } from '../support/resnet50.ts'

let folder: string
const edgebatch = (...args: string[]) => promisify(execFile)(process.execPath, ['cli/main.ts', ...args])

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-resnet50-'))
  await writeFile(join(folder, 'resnet50.onnx'), resnet50())
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('ResNet-50 as it is exported becomes a package that answers, by one command', async () => {
  const repository = join(folder, 'models')
  const original = join(folder, 'resnet50.onnx')
  const added = await edgebatch(
    'model',
    'add',
    original,
    '--name',
    'resnet50',
    '--preset',
    'imagenet',
    '--repository',
    repository,
  )
  expect(added.stdout).toContain('is ready to be served')
  const version = join(repository, 'resnet50', '1')
  const packaged = await PackagedModel.open(version)
  const [probabilities, indices] = await packaged.run(sampleImages(224))
  await packaged.close()
  expect(probabilities?.dims).toEqual([4, 5])
  const best = [0, 5, 10, 15].map((at) => probabilities?.data[at]?.toFixed(3))
  expect(indices?.data.every((index) => index >= 0 && index < 1000)).toBe(true)
  expect(new Set(best).size, 'unlike images are answered unlike one another').toBe(4)
  const checked = await edgebatch('model', 'check', version, '--original', original)
  expect(checked.stdout).toMatch(/25\.5 million parameters/)
  expect(checked.stdout).toMatch(/batches of 8: [\d.]+ images\/s/)
  expect(checked.stdout).toContain('answers as the original does')
})

test('a mistake is one line on standard error, and exit status 2', async () => {
  const failed = await edgebatch('model', 'add', 'absent.onnx', '--nmae', 'x').catch((error) => error)
  expect(failed).toMatchObject({ code: 2, stderr: 'edgebatch: there is no flag --nmae; --help lists them\n' })
})

test('a command that is stopped leaves nothing of a package behind', async () => {
  const repository = join(folder, 'stopped')
  await mkdir(repository)
  const appeared = watch(repository)[Symbol.asyncIterator]()
  const args = ['--name', 'resnet50', '--preset', 'imagenet', '--repository', repository]
  const command = spawn(process.execPath, [
    'cli/main.ts',
    'model',
    'add',
    join(folder, 'resnet50.onnx'),
    ...args,
  ])
  const ended = once(command, 'exit')
  await appeared.next()
  // As a terminal and npx do.
  command.kill('SIGINT')
  await once(command.stderr, 'data')
  command.kill('SIGINT')
  expect(await ended).toEqual([130, null])
  expect(await readdir(repository)).toEqual([])
})
