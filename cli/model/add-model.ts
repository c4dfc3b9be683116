import { basename, dirname, join } from 'node:path'
import type { ModelManifest, Resize } from '../../shared/model-manifest.ts'
import { surroundings } from '../onnx/chain.ts'
import type { Conversion } from '../onnx/conversion.ts'
import { computesInHalves, type OnnxFile, readOnnxFile } from '../onnx/model-file.ts'
import type { RawOutput } from '../onnx/postprocessing.ts'
import { OLDEST_OPSET, reasonToKeepGraph, rewrite } from '../onnx/rewrite.ts'
import { type Signature, signatureOf } from '../onnx/signature.ts'
import { UserError } from '../user-error.ts'
import { assertAgreement, type Expected, expectedOf } from './agreement.ts'
import type { ConversionFlags } from './conversion-flags.ts'
import { OriginalModel } from './original-model.ts'
import { type Origin, sha256Of } from './package-files.ts'
import { PackagedModel } from './packaged-model.ts'
import { needsSoftmax, rawOutputs } from './read-outputs.ts'
import { resolveConversion } from './resolve-conversion.ts'
import { sampleImages } from './sample-images.ts'
import { type PackageFile, refuseExisting, writePackage } from './write-package.ts'

export interface AddOptions {
  name: string
  version: string
  repository: string
  /** Undefined for the tasks that have none. */
  labels: readonly string[] | undefined
  /** What is left out follows from the side. */
  resize: Pick<Resize, 'mode' | 'kernel'> & { size: number | undefined }
  force: boolean
  keepGraph: boolean
  conversion: ConversionFlags
}

export interface AddedModel {
  folder: string
  manifest: ModelManifest
  largestDifference: number
  /** Why the model itself was left as it is; undefined if it was rewritten. */
  kept: string | undefined
}

/** Makes a package of an ONNX file. Throws UserError, having written nothing, if that cannot be done. */
export async function addModel(path: string, options: AddOptions): Promise<AddedModel> {
  const folder = join(options.repository, options.name, options.version)
  await refuseExisting(folder, options.force)
  const file = await readOnnxFile(path)
  if (file.opset !== undefined && file.opset < OLDEST_OPSET)
    throw new UserError(
      `${path}: its opset is ${file.opset}; export it with opset ${OLDEST_OPSET} or newer, as in torch.onnx.export(..., opset_version=17)`,
    )
  const signature = signatureOf(file)
  const observed = await observe(file, signature, options.conversion)
  refuseWrongLabels(options.labels, observed)
  const kept = reasonToKeepGraph(file) ?? (options.keepGraph ? '--keep-graph was given' : undefined)
  const origin: Origin = {
    file: basename(path),
    sha256: sha256Of(file.bytes),
    conversion: observed.conversion,
  }
  const form = kept ? chainOf(file, signature, observed) : singleGraphOf(file, signature, observed)
  const manifest = manifestOf(options, observed.conversion, form)
  const files: Record<string, PackageFile> = {
    ...form.files,
    'model.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    'origin.json': `${JSON.stringify(origin, undefined, 2)}\n`,
    ...(options.labels ? { 'labels.txt': `${options.labels.join('\n')}\n` } : {}),
  }
  for (const name of file.externalFiles) files[name] = { copyOf: join(dirname(path), name) }
  let largestDifference = 0
  const inHalves = computesInHalves(file.graph)
  await writePackage(folder, files, options.force, async (temporary) => {
    const packaged = await PackagedModel.open(temporary, manifest)
    const agreement = await assertAgreement(packaged, observed.images, observed.expected, inHalves)
    largestDifference = agreement.largestDifference
    await packaged.close()
  })
  return { folder, manifest, largestDifference, kept }
}

interface Observed {
  conversion: Conversion
  raw: RawOutput[]
  images: Uint8Array[]
  expected: Expected
}

/** Runs the original, to know the shapes of its outputs, whether they are probabilities, and what they should be. */
async function observe(file: OnnxFile, signature: Signature, flags: ConversionFlags): Promise<Observed> {
  const asFarAsKnown = resolveConversion(flags, signature)
  const images = sampleImages(asFarAsKnown.side)
  const original = await OriginalModel.open(file.path, signature.input)
  try {
    const [first] = images
    const raw = rawOutputs(signature, asFarAsKnown, first ? await original.run(first, asFarAsKnown) : [])
    const isClassification = flags.task === 'classification'
    const scores = await expectedOf(original, images, { ...asFarAsKnown, softmax: false })
    refuseUnusable(scores)
    const output = asFarAsKnown.outputs[0] ?? ''
    const softmax =
      isClassification &&
      needsSoftmax(
        flags,
        file.graph,
        output,
        scores.map(([row = []]) => row),
      )
    const conversion = { ...asFarAsKnown, softmax }
    const expected = softmax ? await expectedOf(original, images, conversion) : scores
    return { conversion, raw, images, expected }
  } finally {
    await original.close()
  }
}

function refuseUnusable(scores: Expected): void {
  if (scores.flat(2).every(Number.isFinite)) return
  throw new UserError(
    'the model gives NaN or infinite values for sample images; check --mean, --std and --scale, and the model itself',
  )
}

function refuseWrongLabels(labels: readonly string[] | undefined, { conversion, raw }: Observed): void {
  if (conversion.task !== 'classification') return
  const classes = (raw[0]?.shape ?? []).reduce((product, side) => product * side, 1)
  if (labels?.length !== classes)
    throw new UserError(
      `the model has ${classes} classes, there are ${labels?.length ?? 0} labels; give --labels a file with one line for each class`,
    )
}

interface Form {
  input: string
  outputs: string[]
  graphs: string[]
  files: Record<string, PackageFile>
}

function singleGraphOf(file: OnnxFile, signature: Signature, { conversion, raw }: Observed): Form {
  const { bytes, input, outputs } = rewrite(file, signature, conversion, raw)
  return { input, outputs, graphs: ['model.onnx'], files: { 'model.onnx': bytes } }
}

function chainOf(file: OnnxFile, { input, outputs: all }: Signature, { conversion, raw }: Observed): Form {
  if (typeof input.shape?.[0] === 'number')
    throw new UserError(
      `${file.path}: takes exactly ${input.shape[0]} images, which only rewriting can change; export it with a dynamic batch dimension`,
    )
  const { before, after, input: first, outputs } = surroundings(input, conversion, raw)
  if (after && all.length !== 1)
    throw new UserError(`${file.path}: has ${all.length} outputs; a graph that is kept must have one`)
  const files = {
    ...(before ? { 'before.onnx': before } : {}),
    'model.onnx': file.bytes,
    ...(after ? { 'after.onnx': after } : {}),
  }
  return { input: first, outputs, graphs: Object.keys(files), files }
}

function manifestOf(
  { name, version, resize }: AddOptions,
  { side, task }: Conversion,
  form: Form,
): ModelManifest {
  const { mode, kernel, size = mode === 'cover' ? Math.round((side * 8) / 7) : side } = resize
  const [first = '', second = ''] = form.outputs
  const common = {
    name,
    version,
    input: {
      name: form.input,
      dtype: 'uint8' as const,
      layout: 'nhwc' as const,
      shape: [side, side, 3] as [number, number, 3],
    },
    resize: { mode, size, crop: side, kernel },
    decode: { at: 'edge' as const, formats: [], truncated: 'refuse' as const },
    graphs: form.graphs,
    serving: { max_queue_delay_ms: 0, preferred_batch_sizes: [], instances: 1 },
  }
  if (task === 'classification')
    return { ...common, task, outputs: { probabilities: first, indices: second } }
  if (task === 'embedding') return { ...common, task, outputs: { embedding: first } }
  return { ...common, task, outputs: { tensors: form.outputs } }
}
