import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BUNDLED_MODEL } from '../../test/support/model-package.ts'
import { onnxModel } from '../../test/support/onnx-graph.ts'
import { temporaryFolder } from '../../test/support/package-folders.ts'
import {
  cast,
  meanGraph,
  preGraph,
  smallPackage,
  type TaskFields,
  topGraph,
  value,
} from '../../test/support/small-models.ts'
import { addOptions } from './add-command.ts'
import { addModel } from './add-model.ts'
import { checkModel } from './check-model.ts'

const CHECK = {
  original: undefined,
  flags: undefined,
  photos: undefined,
  providers: ['cpu'],
  stopped: new AbortController().signal,
}

async function written(fields: TaskFields, files: Record<string, Uint8Array | string>): Promise<string> {
  const { folder, remove } = await smallPackage(fields, files)
  onTestFinished(remove)
  return folder
}

test('a check that is stopped ends before it measures', async () => {
  const stopped = AbortSignal.abort()
  await expect(checkModel({ ...CHECK, folder: BUNDLED_MODEL, stopped })).rejects.toMatchObject({
    name: 'AbortError',
  })
})

describe('a chain of graphs that was written by hand', () => {
  test.each([
    ['a.onnx', 'b.onnx', 'c.onnx'],
    ['before.onnx', 'model.onnx', 'after.onnx'],
  ])(
    'is checked as far as it goes without an original, whatever its graphs are called: %s, %s, %s',
    async (...graphs) => {
      const outputs = { probabilities: 'probabilities', indices: 'indices' }
      const [first, second, third] = graphs
      const files = { [first]: preGraph, [second]: meanGraph, [third]: topGraph, 'labels.txt': 'r\ng\nb\n' }
      const folder = await written({ task: 'classification', outputs, graphs }, files)
      const report = await checkModel({ ...CHECK, folder })
      expect(report.graphs.map(({ file }) => file)).toEqual(graphs)
      expect(report.agreement).toBeUndefined()
    },
  )
})

describe('outputs that are too large for a result', () => {
  const SIDE = 320
  const tooLarge = /outputs for one image take \d+ bytes in a result, the limit is 1048576/

  test('are refused by a check, as by pools', async () => {
    const floats = value('floats', 'float32', 'N', SIDE, SIDE, 3)
    const inputs = [value('image', 'uint8', 'N', SIDE, SIDE, 3)]
    const nodes = [cast('image', 'floats', 'float32')]
    const folder = await written(
      {
        task: 'tensor',
        outputs: { tensors: ['floats'] },
        input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [SIDE, SIDE, 3] },
        resize: { mode: 'stretch', size: SIDE, crop: SIDE, kernel: 'triangle' },
      },
      { 'model.onnx': onnxModel({ inputs, outputs: [floats], nodes }) },
    )
    await expect(checkModel({ ...CHECK, folder })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(tooLarge),
    })
  })

  test('are not added', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'detector.onnx')
    const shape = ['N', 3, SIDE, SIDE] as const
    const [input, output] = [value('pixels', 'float32', ...shape), value('boxes', 'float32', ...shape)]
    const nodes = [{ op: 'Neg', inputs: ['pixels'], outputs: ['boxes'] }]
    await writeFile(path, onnxModel({ inputs: [input], outputs: [output], nodes }))
    const repository = join(folder, 'models')
    const flags = { file: path, task: 'tensor', mean: '0,0,0', std: '1,1,1', repository }
    const added = addModel(path, await addOptions(flags), new AbortController().signal)
    await expect(added).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(tooLarge),
    })
    expect(await readdir(repository)).toEqual([])
  })
})
