import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cli } from '../../test/support/cli-session.ts'
import { example } from '../../test/support/photos.ts'
import { SMALL_CLASSES, type SmallClassifier, smallClassifier } from '../../test/support/small-classifier.ts'
import { addOptions } from './add-command.ts'
import { addModel } from './add-model.ts'
import { checkModel } from './check-model.ts'
import { PackagedModel } from './packaged-model.ts'
import { sampleImages } from './sample-images.ts'

const running = new AbortController().signal
const CHECK = {
  original: undefined,
  flags: undefined,
  photos: undefined,
  providers: ['cpu'],
  stopped: new AbortController().signal,
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-add-'))
  await writeFile(
    join(folder, 'labels.txt'),
    Array.from({ length: SMALL_CLASSES }, (_, i) => `class ${i}\n`).join(''),
  )
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function add(model: SmallClassifier, flags: Record<string, unknown> = {}) {
  const path = join(folder, 'given.onnx')
  const { model: bytes, weights } = smallClassifier(model)
  await writeFile(path, bytes)
  if (model.external) await writeFile(join(folder, model.external), weights)
  const usual = { name: 'small', mean: '0.4,0.5,0.6', std: '0.2,0.3,0.4', top: '3' }
  const labels = flags.task === undefined ? { labels: join(folder, 'labels.txt') } : {}
  const options = await addOptions({ ...usual, ...labels, repository: join(folder, 'models'), ...flags })
  return { path, ...(await addModel(path, options, running)) }
}

describe('a model is added whatever form it was exported in', () => {
  const forms: [string, SmallClassifier, Record<string, unknown>][] = [
    ['float32 NCHW logits', {}, {}],
    ['NHWC', { layout: 'nhwc' }, {}],
    ['BGR', {}, { channels: 'bgr' }],
    ['BGR in NHWC', { layout: 'nhwc' }, { channels: 'bgr' }],
    ['bytes as they are', {}, { mean: '0,0,0', std: '1,1,1', scale: '1' }],
    ['probabilities', { end: 'softmax' }, {}],
    ['opset 7', { opset: 7, ir: 3 }, {}],
    ['opset 9', { opset: 9, ir: 4 }, {}],
    ['opset 10', { opset: 10, ir: 5 }, {}],
    ['opset 11', { opset: 11, ir: 6 }, {}],
    ['opset 12 with a softmax', { opset: 12, end: 'softmax' }, {}],
    ['opset 13', { opset: 13 }, {}],
    ['opset 21', { opset: 21, ir: 10 }, {}],
    ['IR 3', { opset: 11, ir: 3 }, {}],
    ['float16', { half: true }, {}],
    ['float16 logits [N, k, 1, 1]', { half: true, end: 'map' }, {}],
    ['[N, k, 1, 1]', { end: 'map' }, {}],
    ['a batch of one', { batch: 1 }, {}],
    ['a batch of two', { batch: 2 }, {}],
    ['a batch of one that a Reshape names', { batch: 1, reshape: [1, -1] }, {}],
    ["a batch of one as PyTorch's exporter has it", { batch: 1, reshape: [1, 7], allowZero: true }, {}],
    ['names that the package uses itself', { input: 'image', output: 'probabilities' }, {}],
    ['an input named N', { input: 'N' }, {}],
    ['a Sigmoid', { end: 'sigmoid' }, { probabilities: true }],
    ['several outputs', { secondOutput: true }, { output: 'scores' }],
    ['weights in a file of their own', { external: 'weights.bin' }, {}],
    ['a graph that is kept', {}, { keepGraph: true }],
    ['a float16 graph that is kept', { half: true, end: 'map' }, { keepGraph: true }],
    ['opset 26', { opset: 26, ir: 13 }, {}],
    ['a function of its own', { function: true }, {}],
  ]
  test.each(forms)('%s', async (_, model, flags) => {
    const { path, folder: added, manifest } = await add(model, flags)
    expect(added).toBe(join(folder, 'models', 'small', '1'))
    expect(manifest.input.shape).toEqual([32, 32, 3])
    const packaged = await PackagedModel.open(added)
    const [probabilities, indices] = await packaged.run(sampleImages(32).slice(0, 2))
    expect(probabilities?.dims).toEqual([2, 3])
    expect(indices?.dims).toEqual([2, 3])
    await packaged.close()
    const report = await checkModel({ ...CHECK, folder: added, original: path })
    expect(report.agreement?.largestDifference).toBeLessThan(1e-2)
    expect(report.agreement?.sameBest).toBe(report.agreement?.images)
    expect(await readdir(join(folder, 'models'))).toEqual(['small'])
  })

  test('an embedding, flat and in float32', async () => {
    const { folder: added } = await add({ end: 'map', half: true }, { task: 'embedding' })
    const packaged = await PackagedModel.open(added)
    const [embedding] = await packaged.run(sampleImages(32).slice(0, 3))
    expect(embedding).toMatchObject({ type: 'float32', dims: [3, SMALL_CLASSES] })
    await packaged.close()
  })

  test('a package has the permissions of the folders around it', async () => {
    const { folder: added } = await add({})
    expect((await stat(added)).mode).toBe((await stat(join(folder, 'models', 'small'))).mode)
  })

  test('how its batches are gathered is written down as it was said', async () => {
    const said = { 'max-batch': '16', 'max-delay-ms': '2.5', 'preferred-batches': '4, 8', instances: '2' }
    const { manifest } = await add({}, { ...said, 'target-p99-ms': '150' })
    expect(manifest.serving).toEqual({
      max_batch_size: 16,
      max_queue_delay_ms: 2.5,
      preferred_batch_sizes: [4, 8],
      instances: 2,
      target_p99_ms: 150,
    })
  })

  test('tensors, as the model gives them', async () => {
    const { manifest } = await add({ secondOutput: true }, { task: 'tensor' })
    expect(manifest).toMatchObject({ task: 'tensor', outputs: { tensors: ['scores', 'pooled'] } })
  })
})

describe('what is wrong is said in one line, and nothing is written', () => {
  const wrong: [string, SmallClassifier, Record<string, unknown>, RegExp][] = [
    ['an old opset', { opset: 6, ir: 3 }, {}, /opset is 6.*opset_version=17/],
    ['an opset that is too new', { opset: 27, ir: 13 }, {}, /opset is 27.*up to 26/],
    ['an IR version that is too new', { opset: 26, ir: 14 }, {}, /IR version is 14.*model\.ir_version = 13/],
    ['no labels and no mean', {}, { labels: undefined, mean: undefined, std: undefined }, /--labels.*--mean/],
    ['a mean of bytes for values of 0 to 1', {}, { mean: '123,116,103', std: '58,57,57' }, /--scale 1/],
    ['no mean', {}, { mean: undefined }, /--mean is missing.*--preset imagenet/],
    ['a mean of two channels', {}, { mean: '1,2' }, /--mean must be three numbers/],
    ['a std of zero', {}, { std: '1,0,1' }, /--std must be above 0/],
    ['another size', {}, { input: '64' }, /give --input 32/],
    ['another layout', {}, { layout: 'nhwc' }, /give --layout nchw/],
    ['a size less than the input', {}, { input: '32', size: '20' }, /--size 20 is less/],
    ['no batch size', {}, { 'max-batch': '0' }, /--max-batch must be a whole number from 1 to 1024/],
    ['a list of none', {}, { 'preferred-batches': '4,x' }, /--preferred-batches must be a whole number/],
    ['a delay', {}, { 'max-delay-ms': 'soon' }, /--max-delay-ms must be 0 to 60000 milliseconds/],
    [
      "a file whose name is no model's",
      {},
      { name: undefined, file: 'my model.onnx' },
      /--name is missing.*"my model", the file's, will not do: a model name is/,
    ],
    ['no name', {}, { name: undefined }, /--name is missing/],
    ['a name that is none', {}, { name: 'Big Model' }, /a model name is/],
    ['logits called probabilities', {}, { probabilities: true }, /give --logits/],
    ['a Sigmoid', { end: 'sigmoid' }, {}, /--probabilities.*--logits/],
    ['one of several outputs', { secondOutput: true }, {}, /--output, one of scores, pooled/],
    ['labels that are not there', {}, { labels: 'absent' }, /absent cannot be read/],
    [
      'a first dimension that is not the batch',
      { batch: 1, reshape: [7, -1] },
      { task: 'tensor' },
      /dynamic batch dimension/,
    ],
    ['a kept graph of one image', { batch: 1 }, { keepGraph: true }, /dynamic batch dimension/],
  ]
  test.each(wrong)('%s', async (_, model, flags, message) => {
    const failure = await add(model, flags).catch((error: Error) => error)
    expect(failure).toMatchObject({
      name: expect.stringMatching(/^(User|Usage)Error$/),
      message: expect.stringMatching(message),
    })
    expect((failure as Error).message).not.toContain('\n')
    expect(await readdir(join(folder, 'models')).catch(() => [])).toEqual([])
  })

  test.each([
    ['models/ResNet50.onnx', 'resnet50'],
    ['https://example.com/a/vit-b.onnx?x=1', 'vit-b'],
  ])('a model of %s is called %s if nothing else is said', async (file, name) => {
    expect((await addOptions({ file, preset: 'imagenet' })).name).toBe(name)
  })

  test('labels of another number than classes', async () => {
    await writeFile(join(folder, 'labels.txt'), 'one\ntwo\n')
    await expect(add({})).rejects.toThrow(/has 7 classes, there are 2 labels/)
  })

  test('a version that is there already, until --force replaces it', async () => {
    await add({})
    await expect(add({})).rejects.toThrow(/--version, or --force/)
    await expect(add({}, { force: true, top: '2' })).resolves.toBeDefined()
    expect(await readdir(join(folder, 'models'))).toEqual(['small'])
  })

  test('labels of another number than classes, even where the version is there already', async () => {
    await add({})
    await writeFile(join(folder, 'labels.txt'), 'one\ntwo\n')
    await expect(add({})).rejects.toThrow(/has 7 classes, there are 2 labels/)
  })

  test('a file that is not there, before any flag that is not', async () => {
    const { code, stderr } = await cli({ environment: {} }, 'model', 'add', join(folder, 'absent.onnx'))
    expect(code).toBe(1)
    expect(stderr).toMatch(/absent\.onnx: there is no such file; give the path of an ONNX file\n$/)
  })

  test('a file that is no model', async () => {
    const path = join(folder, 'no.onnx')
    await writeFile(path, 'not a model')
    const options = await addOptions({ name: 'a', preset: 'imagenet', repository: folder })
    await expect(addModel(path, options, running)).rejects.toThrow(/is not an ONNX model/)
    await writeFile(path, '')
    await expect(addModel(path, options, running)).rejects.toThrow(/is empty; copy or export it again/)
    await writeFile(path, smallClassifier().model.subarray(0, 900))
    await expect(addModel(path, options, running)).rejects.toThrow(/is incomplete or damaged; copy/)
    await expect(addModel(folder, options, running)).rejects.toThrow(/is a folder; give the path/)
  })

  test('weights that are not beside the model, or not all of them', async () => {
    const { model, weights } = smallClassifier({ external: 'small.onnx.data' })
    const path = join(folder, 'moved.onnx')
    await writeFile(path, model)
    const options = await addOptions({ name: 'a', preset: 'imagenet', repository: folder })
    await expect(addModel(path, options, running)).rejects.toThrow(
      /lie in small\.onnx\.data, which is not there; put it beside the model$/,
    )
    await writeFile(join(folder, 'small.onnx.data'), weights.subarray(1))
    await expect(addModel(path, options, running)).rejects.toThrow(/has 223 bytes of 224; copy or export/)
  })

  test('no part of the first label is how an editor of Windows begins a file', async () => {
    await writeFile(join(folder, 'labels.txt'), '\ufeffa\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\n')
    const { folder: added } = await add({})
    expect(await readFile(join(added, 'labels.txt'), 'utf8')).toBe('a\nb\nc\nd\ne\nf\ng\n')
    await writeFile(join(added, 'labels.txt'), '\ufeffa\nb\nc\nd\ne\nf\ng\n')
    expect((await PackagedModel.open(added)).labels).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  })
})

describe('a package is held against its original', () => {
  test('on photos of a folder, beside patterns', async () => {
    const { folder: added, path } = await add({})
    const photos = join(folder, 'photos')
    await mkdir(photos)
    await expect(checkModel({ ...CHECK, folder: added, photos })).rejects.toThrow(/holds no photos/)
    await writeFile(join(photos, 'README'), 'no photo')
    await writeFile(join(photos, 'cat.jpg'), example('cat.jpg'))
    const { agreement } = await checkModel({ ...CHECK, folder: added, original: path, photos })
    expect(agreement?.images).toBe(sampleImages(32).length + 1)
    await writeFile(join(photos, 'half.jpg'), example('cat.jpg').subarray(0, 5000))
    await expect(checkModel({ ...CHECK, folder: added, photos })).rejects.toThrow(/half.jpg: .*damaged/)
  })

  test('a provider that is not there is refused', async () => {
    const { folder: added } = await add({})
    const onCuda = { ...CHECK, folder: added, providers: ['nonesuch'] }
    await expect(checkModel(onCuda)).rejects.toThrow(/nonesuch is not available.*--providers/)
  })

  test('another original is refused', async () => {
    const { folder: added } = await add({})
    const other = join(folder, 'other.onnx')
    await writeFile(other, smallClassifier({ opset: 13 }).model)
    await expect(checkModel({ ...CHECK, folder: added, original: other })).rejects.toThrow(/is not the file/)
  })

  test('a package that answers otherwise is refused', async () => {
    const { folder: added, path } = await add({})
    const origin = JSON.parse(await readFile(join(added, 'origin.json'), 'utf8'))
    origin.conversion.mean = [0.1, 0.2, 0.3]
    await writeFile(join(added, 'origin.json'), JSON.stringify(origin))
    await expect(checkModel({ ...CHECK, folder: added, original: path })).rejects.toThrow(/differs by/)
  })

  test('a graph that contradicts model.json is refused', async () => {
    const { folder: added } = await add({})
    const manifest = JSON.parse(await readFile(join(added, 'model.json'), 'utf8'))
    manifest.outputs.indices = 'absent'
    await writeFile(join(added, 'model.json'), JSON.stringify(manifest))
    await expect(checkModel({ ...CHECK, folder: added })).rejects.toThrow(/has no output "absent"/)
    await mkdir(join(folder, 'empty'))
    await expect(checkModel({ ...CHECK, folder: join(folder, 'empty') })).rejects.toThrow(/has no model.json/)
  })
})
